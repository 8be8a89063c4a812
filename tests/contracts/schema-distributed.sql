alembic_version.version_num character varying(32) not null
alert_channels.organization_id uuid not null
alert_channels.id uuid not null
alert_channels.kind character varying(40) not null
alert_channels.name character varying(200) not null
alert_channels.host text not null
alert_channels.address bytea not null
alert_channels.secret bytea
alert_channels.is_on boolean not null
alert_channels.created_at timestamp with time zone not null
alert_channels.created_by character varying(200) not null
alert_deliveries.organization_id uuid not null
alert_deliveries.id uuid not null
alert_deliveries.incident_id uuid
alert_deliveries.kind character varying(40) not null
alert_deliveries.what character varying(40) not null
alert_deliveries.channel character varying(40) not null
alert_deliveries.channel_name character varying(200) not null
alert_deliveries.user_id uuid
alert_deliveries.body jsonb not null
alert_deliveries.state character varying(40) not null
alert_deliveries.attempts integer not null
alert_deliveries.code character varying(200) not null
alert_deliveries.answer text not null
alert_deliveries.replay_of uuid
alert_deliveries.created_at timestamp with time zone not null
alert_deliveries.next_at timestamp with time zone
alert_deliveries.ended_at timestamp with time zone
alert_incidents.organization_id uuid not null
alert_incidents.id uuid not null
alert_incidents.kind character varying(40) not null
alert_incidents.severity character varying(40) not null
alert_incidents.title text not null
alert_incidents.text text not null
alert_incidents.action character varying(200) not null
alert_incidents.url text not null
alert_incidents.things jsonb not null
alert_incidents.keys jsonb not null
alert_incidents.count integer not null
alert_incidents.peak integer not null
alert_incidents.times smallint not null
alert_incidents.since timestamp with time zone not null
alert_incidents.seen_at timestamp with time zone not null
alert_incidents.opened_at timestamp with time zone
alert_incidents.last_at timestamp with time zone not null
alert_incidents.resolved_at timestamp with time zone
alert_incidents.resolved_because text not null
alert_incidents.told character varying(40)
alert_incidents.told_at timestamp with time zone
alert_incidents.told_count integer not null
alert_incidents.told_keys jsonb not null
alert_incidents.acknowledged_at timestamp with time zone
alert_incidents.acknowledged_by character varying(200) not null
alert_incidents.note text not null
alert_incidents.snoozed_until timestamp with time zone
alert_incidents.snoozed_by character varying(200) not null
alert_rules.organization_id uuid not null
alert_rules.kind character varying(40) not null
alert_rules.is_on boolean not null
alert_rules.threshold double precision not null
alert_rules.clears_at double precision not null
alert_rules.window_minutes integer not null
alert_rules.for_minutes integer not null
alert_rules.cool_down_minutes integer not null
alert_rules.severity character varying(40) not null
alert_rules.channels jsonb
alert_rules.quiet_from character varying(5) not null
alert_rules.quiet_until character varying(5) not null
alert_rules.quiet_zone character varying(60) not null
alert_rules.changed_at timestamp with time zone not null
alert_rules.changed_by character varying(200) not null
alert_seen.organization_id uuid not null
alert_seen.user_id uuid not null
alert_seen.seen_at timestamp with time zone not null
alert_watches.organization_id uuid not null
alert_watches.watched_at timestamp with time zone not null
api_tokens.id uuid not null
api_tokens.organization_id uuid not null
api_tokens.name character varying(200) not null
api_tokens.prefix character varying(16) not null
api_tokens.token_hash character varying(64) not null
api_tokens.role character varying(40) not null
api_tokens.created_at timestamp with time zone not null
api_tokens.last_used_at timestamp with time zone
api_tokens.expires_at timestamp with time zone
audit_events.organization_id uuid not null
audit_events.id bigint not null identity d
audit_events.at timestamp with time zone not null
audit_events.actor character varying(200) not null
audit_events.action character varying(200) not null
audit_events.subject character varying(200) not null
audit_events.details jsonb not null
audit_events.kind character varying(20) not null default ''::character varying
audit_events.title character varying(200) not null default ''::character varying
audit_events.reason text not null default ''::text
audit_events.address character varying(45) not null default ''::character varying
campaign_counts.organization_id uuid not null
campaign_counts.campaign_id uuid not null
campaign_counts.status character varying(40) not null
campaign_counts.error_code character varying(40) not null
campaign_counts.count bigint not null
campaign_counts.round smallint not null default '1'::smallint
campaign_events.organization_id uuid not null
campaign_events.id bigint not null identity d
campaign_events.campaign_id uuid not null
campaign_events.at timestamp with time zone not null
campaign_events.text text not null
campaign_events.by character varying(200) not null
campaign_recipients.organization_id uuid not null
campaign_recipients.id bigint not null identity d
campaign_recipients.campaign_id uuid not null
campaign_recipients.contact_id uuid not null
campaign_recipients.phone character varying(20) not null
campaign_recipients.person_key character varying(20) not null
campaign_recipients.name character varying(200) not null
campaign_recipients.variables jsonb not null
campaign_recipients.status character varying(40) not null
campaign_recipients.error_code character varying(40) not null
campaign_recipients.error_message text
campaign_recipients.attempts smallint not null
campaign_recipients.not_before timestamp with time zone
campaign_recipients.lease_id uuid
campaign_recipients.wamid character varying(200)
campaign_recipients.created_at timestamp with time zone not null
campaign_recipients.sending_at timestamp with time zone
campaign_recipients.accepted_at timestamp with time zone
campaign_recipients.sent_at timestamp with time zone
campaign_recipients.delivered_at timestamp with time zone
campaign_recipients.read_at timestamp with time zone
campaign_recipients.failed_at timestamp with time zone
campaign_recipients.replied_at timestamp with time zone
campaign_recipients.updated_at timestamp with time zone not null
campaign_recipients.wa_user_id character varying(140)
campaign_recipients.price_category character varying(40)
campaign_recipients.price_type character varying(40)
campaign_recipients.price_model character varying(20)
campaign_recipients.billable boolean
campaign_recipients.round smallint not null default '1'::smallint
campaigns.organization_id uuid not null
campaigns.id uuid not null
campaigns.name character varying(200) not null
campaigns.account_id uuid not null
campaigns.job_id uuid
campaigns.status character varying(40) not null
campaigns.status_reason text
campaigns.template_name character varying(512) not null
campaigns.template_language character varying(20) not null
campaigns.parameter_format character varying(20) not null
campaigns.components jsonb not null
campaigns.text text
campaigns.variables jsonb not null
campaigns.audience jsonb not null
campaigns.priority smallint not null
campaigns.audience_size integer
campaigns.frozen_at timestamp with time zone
campaigns.scheduled_at timestamp with time zone
campaigns.time_zone character varying(60) not null
campaigns.created_by character varying(200) not null
campaigns.created_at timestamp with time zone not null
campaigns.started_at timestamp with time zone
campaigns.finished_at timestamp with time zone
campaigns.replied_count integer not null
campaigns.opted_out_count integer not null
campaigns.template_category character varying(20) not null default ''::character varying
campaigns.watched_from jsonb
campaigns.round smallint not null default '1'::smallint
campaigns.created_by_id uuid
consents.organization_id uuid not null
consents.person_key character varying(20) not null
consents.opted_out_at timestamp with time zone
consents.source character varying(40) not null
consents.detail text not null
consents.by character varying(200) not null
consents.updated_at timestamp with time zone not null
contact_counts.organization_id uuid not null
contact_counts.count bigint not null
contact_imports.organization_id uuid not null
contact_imports.import_id uuid not null
contact_imports.contact_id uuid not null
contact_imports.outcome character varying(20) not null
contact_imports.at timestamp with time zone
contact_imports.undo jsonb
contact_imports.kept character varying(20)
contact_tags.organization_id uuid not null
contact_tags.tag_id uuid not null
contact_tags.contact_id uuid not null
contacts.organization_id uuid not null
contacts.id uuid not null
contacts.phone character varying(20) not null
contacts.person_key character varying(20) not null
contacts.wa_id character varying(20)
contacts.wa_user_id character varying(140)
contacts.name character varying(200) not null
contacts.first_name character varying(200) not null
contacts.last_name character varying(200) not null
contacts.email character varying(200) not null
contacts.language character varying(20) not null
contacts.country character varying(2) not null
contacts.attributes jsonb not null
contacts.opted_out_at timestamp with time zone
contacts.opt_out_source character varying(200)
contacts.last_inbound_at timestamp with time zone
contacts.created_at timestamp with time zone not null
contacts.updated_at timestamp with time zone not null
contacts.moved_to character varying(20)
contacts.moved_at timestamp with time zone
contacts.email_typed character varying(200) not null default ''::character varying
digest_times.organization_id uuid not null
digest_times.user_id uuid not null
digest_times.hour smallint not null
digest_times.zone character varying(60) not null
digest_times.on_empty_days boolean not null
digest_times.told_on date
email_accounts.organization_id uuid not null
email_accounts.id uuid not null
email_accounts.name character varying(200) not null
email_accounts.api_key bytea not null
email_accounts.webhook_secret bytea
email_accounts.sender_name character varying(200) not null
email_accounts.sender_address character varying(320) not null
email_accounts.reply_to character varying(320) not null
email_accounts.emails_per_second double precision not null
email_accounts.batch_size integer not null
email_accounts.limit_requests double precision
email_accounts.tracks_opens boolean not null
email_accounts.tracks_clicks boolean not null
email_accounts.status character varying(40) not null
email_accounts.status_reason text
email_accounts.quota_until timestamp with time zone
email_accounts.quota_reason text
email_accounts.unreachable_since timestamp with time zone
email_accounts.unreachable_at timestamp with time zone
email_accounts.unreachable_reason text
email_accounts.sandbox_url text
email_accounts.created_at timestamp with time zone not null
email_accounts.removed_at timestamp with time zone
email_chunks.organization_id uuid not null
email_chunks.id bigint not null identity d
email_chunks.email_id uuid not null
email_chunks.people smallint not null
email_chunks.attempts smallint not null
email_chunks.not_before timestamp with time zone
email_chunks.first_tried_at timestamp with time zone
email_chunks.lease_id uuid
email_chunks.settled_at timestamp with time zone
email_chunks.created_at timestamp with time zone not null
email_counts.organization_id uuid not null
email_counts.email_id uuid not null
email_counts.status character varying(40) not null
email_counts.error_code character varying(60) not null
email_counts.count bigint not null
email_events.organization_id uuid not null
email_events.id bigint not null identity d
email_events.email_id uuid not null
email_events.at timestamp with time zone not null
email_events.text text not null
email_events.by character varying(200) not null
email_minutes.organization_id uuid not null
email_minutes.email_id uuid not null
email_minutes.minute timestamp with time zone not null
email_minutes.accepted integer not null default 0
email_minutes.delivered integer not null default 0
email_minutes.bounced integer not null default 0
email_recipients.organization_id uuid not null
email_recipients.id bigint not null identity d
email_recipients.email_id uuid not null
email_recipients.contact_id uuid
email_recipients.address character varying(320) not null
email_recipients.address_key character varying(320) not null
email_recipients.name character varying(200) not null
email_recipients.variables jsonb not null
email_recipients.status character varying(40) not null
email_recipients.error_code character varying(60) not null
email_recipients.error_message text
email_recipients.attempts smallint not null
email_recipients.not_before timestamp with time zone
email_recipients.chunk_id bigint
email_recipients.provider_id character varying(80)
email_recipients.created_at timestamp with time zone not null
email_recipients.accepted_at timestamp with time zone
email_recipients.sent_at timestamp with time zone
email_recipients.delayed_at timestamp with time zone
email_recipients.delivered_at timestamp with time zone
email_recipients.opened_at timestamp with time zone
email_recipients.clicked_at timestamp with time zone
email_recipients.bounced_at timestamp with time zone
email_recipients.complained_at timestamp with time zone
email_recipients.failed_at timestamp with time zone
email_recipients.unsubscribed_at timestamp with time zone
email_recipients.updated_at timestamp with time zone not null
email_templates.organization_id uuid not null
email_templates.id uuid not null
email_templates.name character varying(200) not null
email_templates.subject text not null
email_templates.html text not null
email_templates.text text not null
email_templates.variables jsonb not null
email_templates.version integer not null
email_templates.created_by character varying(200) not null
email_templates.created_at timestamp with time zone not null
email_templates.updated_at timestamp with time zone not null
email_webhooks.organization_id uuid not null
email_webhooks.id bigint not null identity d
email_webhooks.account_id uuid not null
email_webhooks.delivery_id character varying(200) not null
email_webhooks.body bytea not null
email_webhooks.received_at timestamp with time zone not null
email_webhooks.applied_at timestamp with time zone
email_webhooks.error text
emails.organization_id uuid not null
emails.id uuid not null
emails.name character varying(200) not null
emails.account_id uuid not null
emails.template_id uuid
emails.job_id uuid
emails.status character varying(40) not null
emails.status_reason text
emails.paused_until timestamp with time zone
emails.sender text not null
emails.reply_to text not null
emails.subject text not null
emails.html text not null
emails.text text not null
emails.variables jsonb not null
emails.tags jsonb not null
emails.attachments jsonb not null
emails.unsubscribe_base text not null
emails.audience jsonb not null
emails.batch_size smallint not null
emails.priority smallint not null
emails.audience_size integer
emails.frozen_at timestamp with time zone
emails.scheduled_at timestamp with time zone
emails.time_zone character varying(60) not null
emails.created_by character varying(200) not null
emails.created_at timestamp with time zone not null
emails.started_at timestamp with time zone
emails.finished_at timestamp with time zone
emails.unsubscribed integer not null default 0
header_files.organization_id uuid not null
header_files.id uuid not null
header_files.kind character varying(20) not null
header_files.name character varying(200) not null
header_files.content_type character varying(100) not null
header_files.size_bytes bigint not null
header_files.sha256 character varying(64) not null
header_files.created_by character varying(200) not null
header_files.created_at timestamp with time zone not null
header_files.account_id uuid
header_files.provider_id character varying(200) not null
header_files.uploaded_at timestamp with time zone
header_files.sample_handle text not null
import_rows.organization_id uuid not null
import_rows.id bigint not null identity d
import_rows.import_id uuid not null
import_rows.row_no integer not null
import_rows.outcome character varying(20) not null
import_rows.column character varying(200) not null
import_rows.code character varying(200) not null
import_rows.message text not null
import_rows.suggestion text not null
import_rows.cells jsonb not null
import_rows.contact_id uuid
import_rows.line integer not null default 0
import_rows.also text not null default ''::text
import_sightings.organization_id uuid not null
import_sightings.id bigint not null identity d
import_sightings.source_key character varying(64) not null
import_sightings.name character varying(255) not null
import_sightings.size_bytes bigint not null
import_sightings.changed_ns bigint not null
import_sightings.etag character varying(200) not null
import_sightings.last_modified character varying(100) not null
import_sightings.sha256 character varying(64) not null
import_sightings.seen_by uuid
import_sightings.seen_at timestamp with time zone not null
import_undos.organization_id uuid not null
import_undos.import_id uuid not null
import_undos.job_id uuid
import_undos.position uuid
import_undos.deleted integer not null
import_undos.restored integer not null
import_undos.kept_by_code jsonb not null
import_undos.created_by character varying(200) not null
import_undos.created_at timestamp with time zone not null
import_undos.finished_at timestamp with time zone
imports.organization_id uuid not null
imports.id uuid not null
imports.job_id uuid
imports.status character varying(40) not null
imports.file_name character varying(200) not null
imports.path text not null
imports.sha256 character varying(64) not null
imports.size_bytes bigint not null
imports.inspection jsonb not null
imports.mapping jsonb not null
imports.options jsonb not null
imports.position jsonb not null
imports.rows_read integer not null
imports.created integer not null
imports.updated integer not null
imports.unchanged integer not null
imports.duplicate integer not null
imports.rejected integer not null
imports.rejected_by_code jsonb not null
imports.noted_by_code jsonb not null
imports.created_by character varying(200) not null
imports.created_at timestamp with time zone not null
imports.started_at timestamp with time zone
imports.finished_at timestamp with time zone
imports.opted_out integer not null default 0
imports.undo_kept boolean not null default false
imports.trial_job_id uuid
imports.trial jsonb
imports.header_key character varying(64) not null default ''::character varying
imports.source_key character varying(64) not null default ''::character varying
inbound_messages.organization_id uuid not null
inbound_messages.id bigint not null identity d
inbound_messages.account_id uuid not null
inbound_messages.wamid character varying(200) not null
inbound_messages.from_number character varying(20) not null
inbound_messages.contact_id uuid
inbound_messages.recipient_id bigint
inbound_messages.kind character varying(20) not null
inbound_messages.text text not null
inbound_messages.at timestamp with time zone not null
inbound_messages.from_user_id character varying(140)
job_attempts.organization_id uuid not null
job_attempts.id bigint not null identity d
job_attempts.job_id uuid not null
job_attempts.attempt integer not null
job_attempts.worker_id uuid not null
job_attempts.worker character varying(200) not null
job_attempts.started_at timestamp with time zone not null
job_attempts.ended_at timestamp with time zone
job_attempts.outcome character varying(20)
job_attempts.error text
job_attempts.trace text
job_counts.organization_id uuid not null
job_counts.queue character varying(40) not null
job_counts.processor character varying(200) not null
job_counts.state character varying(40) not null
job_counts.routine boolean not null
job_counts.slot integer not null default 0
job_counts.count bigint not null
job_dependencies.organization_id uuid not null
job_dependencies.job_id uuid not null
job_dependencies.needs_id uuid not null
job_dependencies.on character varying(40) not null
job_dependencies.condition jsonb
job_dependencies.resolved_at timestamp with time zone
job_dependencies.met boolean
job_events.organization_id uuid not null
job_events.id bigint not null identity d
job_events.job_id uuid not null
job_events.at timestamp with time zone not null
job_events.what character varying(20) not null
job_events.by character varying(200) not null
job_events.reason text not null
job_events.operation_id uuid
job_events.details jsonb not null
job_items.organization_id uuid not null
job_items.id bigint not null identity d
job_items.job_id uuid not null
job_items.attempt integer not null
job_items.key character varying(200) not null
job_items.status character varying(20) not null
job_items.code character varying(200) not null
job_items.message text not null
job_logs.organization_id uuid not null
job_logs.id bigint not null identity d
job_logs.job_id uuid not null
job_logs.queue character varying(40) not null
job_logs.processor character varying(200) not null
job_logs.title character varying(200) not null
job_logs.state character varying(40) not null
job_logs.priority smallint not null
job_logs.attempts integer not null
job_logs.created_at timestamp with time zone not null
job_logs.started_at timestamp with time zone
job_logs.finished_at timestamp with time zone not null
job_logs.done integer not null
job_logs.failed integer not null
job_logs.error_code character varying(200)
job_logs.error text
job_schedules.organization_id uuid not null
job_schedules.id uuid not null
job_schedules.name character varying(200) not null
job_schedules.processor character varying(200) not null
job_schedules.params bytea not null
job_schedules.when character varying(100) not null
job_schedules.time_zone character varying(60) not null
job_schedules.anchor_at timestamp with time zone not null
job_schedules.state character varying(40) not null
job_schedules.state_reason text
job_schedules.paused_until timestamp with time zone
job_schedules.due_since timestamp with time zone
job_schedules.next_run_at timestamp with time zone
job_schedules.catch_up character varying(40) not null
job_schedules.catch_up_most smallint not null
job_schedules.grace_minutes integer not null
job_schedules.overlap character varying(40) not null
job_schedules.jitter_seconds integer not null
job_schedules.ends_at timestamp with time zone
job_schedules.ends_after integer
job_schedules.run_count integer not null
job_schedules.last_fire_at timestamp with time zone
job_schedules.last_job_id uuid
job_schedules.created_by character varying(200) not null
job_schedules.created_by_id uuid
job_schedules.created_at timestamp with time zone not null
jobs.organization_id uuid not null
jobs.id uuid not null
jobs.queue character varying(40) not null
jobs.processor character varying(200) not null
jobs.title character varying(200) not null
jobs.subject character varying(200)
jobs.priority smallint not null
jobs.state character varying(40) not null
jobs.payload bytea not null
jobs.run_at timestamp with time zone
jobs.wait_reason text
jobs.dedupe_key character varying(200)
jobs.created_at timestamp with time zone not null
jobs.created_by character varying(200) not null
jobs.dispatched_at timestamp with time zone
jobs.started_at timestamp with time zone
jobs.finished_at timestamp with time zone
jobs.attempt integer not null
jobs.failures integer not null
jobs.max_attempts integer not null
jobs.timeout_seconds integer not null
jobs.handed_back boolean not null
jobs.lease_id uuid
jobs.lease_until timestamp with time zone
jobs.worker_id uuid
jobs.cancel_requested_at timestamp with time zone
jobs.cancel_requested_by character varying(200)
jobs.routine boolean not null
jobs.progress_total integer
jobs.progress_done integer not null
jobs.progress_failed integer not null
jobs.progress_at timestamp with time zone
jobs.error_code character varying(200)
jobs.error text
jobs.result jsonb
jobs.idempotency_key character varying(200)
jobs.payload_digest character varying(64)
jobs.parent_id uuid
jobs.claimed_at timestamp with time zone
jobs.blocked_by integer not null default 0
jobs.steered_at timestamp with time zone
jobs.due_at timestamp with time zone
jobs.request_id character varying(64)
jobs.traceparent character varying(55)
memberships.organization_id uuid not null
memberships.user_id uuid not null
memberships.role character varying(40) not null
memberships.created_at timestamp with time zone not null
message_minutes.organization_id uuid not null
message_minutes.campaign_id uuid not null
message_minutes.minute timestamp with time zone not null
message_minutes.accepted integer not null default 0
message_minutes.delivered integer not null default 0
message_minutes.failed integer not null default 0
message_minutes.refused integer not null default 0
message_templates.organization_id uuid not null
message_templates.id uuid not null
message_templates.account_id uuid not null
message_templates.provider_id character varying(40) not null
message_templates.name character varying(512) not null
message_templates.language character varying(20) not null
message_templates.category character varying(40) not null
message_templates.status character varying(40) not null
message_templates.status_reason text
message_templates.quality character varying(200) not null
message_templates.parameter_format character varying(20) not null
message_templates.components jsonb not null
message_templates.synced_at timestamp with time zone not null
message_templates.sample_file_id uuid
notification_choices.organization_id uuid not null
notification_choices.user_id uuid not null
notification_choices.kind character varying(40) not null
notification_choices.wanted boolean not null
opt_events.organization_id uuid not null
opt_events.id bigint not null identity d
opt_events.contact_id uuid not null
opt_events.at timestamp with time zone not null
opt_events.opted_out boolean not null
opt_events.source character varying(40) not null
opt_events.detail text not null
opt_events.by character varying(200) not null
organizations.id uuid not null
organizations.slug character varying(200) not null
organizations.name character varying(200) not null
organizations.default_country character varying(2) not null
organizations.created_at timestamp with time zone not null
organizations.contact_gap_hours integer not null default 24
organizations.most_messages_per_second double precision
organizations.most_emails_per_second double precision
parked_email_events.organization_id uuid not null
parked_email_events.id bigint not null identity d
parked_email_events.account_id uuid not null
parked_email_events.provider_id character varying(80) not null
parked_email_events.event jsonb not null
parked_email_events.received_at timestamp with time zone not null
parked_statuses.organization_id uuid not null
parked_statuses.id bigint not null identity d
parked_statuses.account_id uuid not null
parked_statuses.wamid character varying(200) not null
parked_statuses.event jsonb not null
parked_statuses.received_at timestamp with time zone not null
provider_notices.organization_id uuid not null
provider_notices.id bigint not null identity d
provider_notices.account_id uuid not null
provider_notices.at timestamp with time zone not null
provider_notices.kind character varying(40) not null
provider_notices.about character varying(540) not null
provider_notices.level character varying(40) not null
provider_notices.title text not null
provider_notices.text text not null
queue_controls.organization_id uuid not null
queue_controls.queue character varying(40) not null
queue_controls.processor character varying(200) not null default ''::character varying
queue_controls.paused_at timestamp with time zone not null
queue_controls.paused_until timestamp with time zone
queue_controls.reason text not null
queue_controls.by character varying(200) not null
queue_limits.organization_id uuid not null
queue_limits.queue character varying(40) not null
queue_limits.at_once integer
queue_limits.per_minute integer
queue_limits.waiting integer
queue_limits.next_at timestamp with time zone
queue_limits.changed_at timestamp with time zone not null
queue_limits.changed_by character varying(200) not null
queue_limits.most_at_once integer
rendering_rows.organization_id uuid not null
rendering_rows.id bigint not null identity d
rendering_rows.rendering_id uuid not null
rendering_rows.number integer not null
rendering_rows.contact_id uuid
rendering_rows.name character varying(200) not null
rendering_rows.phone character varying(200) not null
rendering_rows.outcome character varying(20) not null
rendering_rows.code character varying(200) not null
rendering_rows.variable character varying(200) not null
rendering_rows.message text not null
rendering_rows.variables jsonb not null
rendering_rows.given jsonb
renderings.organization_id uuid not null
renderings.id uuid not null
renderings.job_id uuid
renderings.template_name character varying(512) not null
renderings.template_language character varying(20) not null
renderings.parameter_format character varying(20) not null
renderings.components jsonb not null
renderings.variables jsonb not null
renderings.audience jsonb
renderings.total integer
renderings.position character varying(200) not null
renderings.rendered integer not null
renderings.failed integer not null
renderings.failed_by_code jsonb not null
renderings.created_by character varying(200) not null
renderings.created_at timestamp with time zone not null
renderings.finished_at timestamp with time zone
renderings.forgotten_at timestamp with time zone
schedule_fires.organization_id uuid not null
schedule_fires.id bigint not null identity d
schedule_fires.schedule_id uuid not null
schedule_fires.fire_at timestamp with time zone not null
schedule_fires.state character varying(40) not null
schedule_fires.reason text not null
schedule_fires.by character varying(200) not null
schedule_fires.job_id uuid
schedule_fires.work_job_id uuid
schedule_fires.subject character varying(200)
schedule_fires.replaces uuid
schedule_fires.made_at timestamp with time zone not null
sessions.id uuid not null
sessions.user_id uuid not null
sessions.token_hash character varying(64) not null
sessions.created_at timestamp with time zone not null
sessions.last_seen_at timestamp with time zone not null
sessions.address character varying(45) not null
sessions.browser character varying(200) not null
sign_in_failures.key character varying(64) not null
sign_in_failures.failures integer not null
sign_in_failures.last_at timestamp with time zone not null
sign_in_failures.until timestamp with time zone not null
stats_day.organization_id uuid not null
stats_day.queue character varying(40) not null
stats_day.day timestamp with time zone not null
stats_day.completed integer not null
stats_day.failed integer not null
stats_day.cancelled integer not null
stats_day.wait_ms bigint not null
stats_day.run_ms bigint not null
stats_day.items bigint not null default '0'::bigint
stats_hour.organization_id uuid not null
stats_hour.queue character varying(40) not null
stats_hour.hour timestamp with time zone not null
stats_hour.completed integer not null
stats_hour.failed integer not null
stats_hour.cancelled integer not null
stats_hour.wait_ms bigint not null
stats_hour.run_ms bigint not null
stats_hour.items bigint not null default '0'::bigint
stats_minute.organization_id uuid not null
stats_minute.queue character varying(40) not null
stats_minute.minute timestamp with time zone not null
stats_minute.completed integer not null
stats_minute.failed integer not null
stats_minute.cancelled integer not null
stats_minute.wait_ms bigint not null
stats_minute.run_ms bigint not null
stats_minute.items bigint not null default '0'::bigint
stats_spread.organization_id uuid not null
stats_spread.queue character varying(40) not null
stats_spread.minute timestamp with time zone not null
stats_spread.measure character varying(40) not null
stats_spread.bucket smallint not null
stats_spread.count integer not null
suppression_counts.organization_id uuid not null
suppression_counts.reason character varying(40) not null
suppression_counts.count bigint not null
suppressions.organization_id uuid not null
suppressions.id bigint not null identity d
suppressions.address character varying(320) not null
suppressions.address_key character varying(320) not null
suppressions.reason character varying(40) not null
suppressions.detail text not null
suppressions.email_id uuid
suppressions.created_by character varying(200) not null
suppressions.created_at timestamp with time zone not null
suppressions.told_at timestamp with time zone
tags.organization_id uuid not null
tags.id uuid not null
tags.name character varying(200) not null
template_changes.organization_id uuid not null
template_changes.id bigint not null identity d
template_changes.template_id uuid not null
template_changes.at timestamp with time zone not null
template_changes.what character varying(20) not null
template_changes.before character varying(40) not null
template_changes.after character varying(40) not null
template_changes.reason text not null
template_changes.told_by character varying(20) not null
users.id uuid not null
users.email character varying(200) not null
users.name character varying(200) not null
users.password_hash text not null
users.created_at timestamp with time zone not null
users.last_organization_id uuid
webhook_deliveries.organization_id uuid not null
webhook_deliveries.id bigint not null identity d
webhook_deliveries.account_id uuid not null
webhook_deliveries.digest character varying(64) not null
webhook_deliveries.body bytea not null
webhook_deliveries.received_at timestamp with time zone not null
webhook_deliveries.applied_at timestamp with time zone
webhook_deliveries.error text
whatsapp_accounts.organization_id uuid not null
whatsapp_accounts.id uuid not null
whatsapp_accounts.name character varying(200) not null
whatsapp_accounts.phone_number_id character varying(40) not null
whatsapp_accounts.waba_id character varying(40) not null
whatsapp_accounts.display_phone_number character varying(30) not null
whatsapp_accounts.token bytea not null
whatsapp_accounts.app_secret bytea not null
whatsapp_accounts.verify_token bytea not null
whatsapp_accounts.messages_per_second double precision not null
whatsapp_accounts.status character varying(40) not null
whatsapp_accounts.status_reason text
whatsapp_accounts.slowed_until timestamp with time zone
whatsapp_accounts.slowed_reason text
whatsapp_accounts.created_at timestamp with time zone not null
whatsapp_accounts.sandbox_url text
whatsapp_accounts.unreachable_since timestamp with time zone
whatsapp_accounts.unreachable_at timestamp with time zone
whatsapp_accounts.unreachable_reason text
whatsapp_accounts.quality character varying(20)
whatsapp_accounts.messaging_limit character varying(40)
whatsapp_accounts.restriction text
whatsapp_accounts.pricing_tiers jsonb
workers.id uuid not null
workers.host character varying(200) not null
workers.pid integer not null
workers.version character varying(40) not null
workers.queues jsonb not null
workers.started_at timestamp with time zone not null
workers.heartbeat_at timestamp with time zone not null
workers.stopped_at timestamp with time zone
workers.memory_mb integer
workers.drain_requested_at timestamp with time zone
workers.drain_requested_by character varying(200)
workers.scope jsonb
workers.threads integer
workers.busy integer
workers.samples jsonb
constraint alembic_version alembic_version_pkc PRIMARY KEY (version_num)
constraint alert_channels fk_alert_channels_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint alert_channels pk_alert_channels PRIMARY KEY (id)
constraint alert_channels uq_alert_channels_organization_id_id UNIQUE (organization_id, id)
constraint alert_channels uq_alert_channels_organization_id_name UNIQUE (organization_id, name)
constraint alert_deliveries fk_alert_deliveries_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint alert_deliveries fk_alert_deliveries_organization_id_incident_id FOREIGN KEY (organization_id, incident_id) REFERENCES alert_incidents(organization_id, id) ON DELETE CASCADE
constraint alert_deliveries pk_alert_deliveries PRIMARY KEY (id)
constraint alert_incidents fk_alert_incidents_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint alert_incidents pk_alert_incidents PRIMARY KEY (id)
constraint alert_incidents uq_alert_incidents_organization_id_id UNIQUE (organization_id, id)
constraint alert_rules pk_alert_rules PRIMARY KEY (organization_id, kind)
constraint alert_seen fk_alert_seen_organization_id_user_id FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id) ON DELETE CASCADE
constraint alert_seen pk_alert_seen PRIMARY KEY (organization_id, user_id)
constraint alert_watches pk_alert_watches PRIMARY KEY (organization_id)
constraint api_tokens fk_api_tokens_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint api_tokens pk_api_tokens PRIMARY KEY (id)
constraint api_tokens uq_api_tokens_token_hash UNIQUE (token_hash)
constraint audit_events fk_audit_events_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint audit_events pk_audit_events PRIMARY KEY (id)
constraint audit_events uq_audit_events_organization_id_id UNIQUE (organization_id, id)
constraint campaign_counts pk_campaign_counts PRIMARY KEY (organization_id, campaign_id, round, status, error_code)
constraint campaign_events fk_campaign_events_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint campaign_events fk_campaign_events_organization_id_campaign_id FOREIGN KEY (organization_id, campaign_id) REFERENCES campaigns(organization_id, id) ON DELETE CASCADE
constraint campaign_events pk_campaign_events PRIMARY KEY (id)
constraint campaign_recipients fk_campaign_recipients_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint campaign_recipients fk_campaign_recipients_organization_id_campaign_id FOREIGN KEY (organization_id, campaign_id) REFERENCES campaigns(organization_id, id) ON DELETE CASCADE
constraint campaign_recipients pk_campaign_recipients PRIMARY KEY (id)
constraint campaign_recipients uq_campaign_recipients_organization_id_campaign_id_person_key UNIQUE (organization_id, campaign_id, person_key)
constraint campaigns fk_campaigns_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint campaigns fk_campaigns_organization_id_account_id FOREIGN KEY (organization_id, account_id) REFERENCES whatsapp_accounts(organization_id, id)
constraint campaigns pk_campaigns PRIMARY KEY (id)
constraint campaigns uq_campaigns_organization_id_id UNIQUE (organization_id, id)
constraint consents fk_consents_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint consents pk_consents PRIMARY KEY (organization_id, person_key)
constraint contact_counts pk_contact_counts PRIMARY KEY (organization_id)
constraint contact_imports pk_contact_imports PRIMARY KEY (import_id, contact_id)
constraint contact_tags pk_contact_tags PRIMARY KEY (tag_id, contact_id)
constraint contacts pk_contacts PRIMARY KEY (id)
constraint contacts uq_contacts_organization_id_id UNIQUE (organization_id, id)
constraint contacts uq_contacts_organization_id_phone UNIQUE (organization_id, phone)
constraint digest_times fk_digest_times_organization_id_user_id FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id) ON DELETE CASCADE
constraint digest_times pk_digest_times PRIMARY KEY (organization_id, user_id)
constraint email_accounts fk_email_accounts_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint email_accounts pk_email_accounts PRIMARY KEY (id)
constraint email_accounts uq_email_accounts_organization_id_id UNIQUE (organization_id, id)
constraint email_accounts uq_email_accounts_organization_id_name UNIQUE (organization_id, name)
constraint email_chunks fk_email_chunks_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint email_chunks fk_email_chunks_organization_id_email_id FOREIGN KEY (organization_id, email_id) REFERENCES emails(organization_id, id) ON DELETE CASCADE
constraint email_chunks pk_email_chunks PRIMARY KEY (id)
constraint email_counts pk_email_counts PRIMARY KEY (organization_id, email_id, status, error_code)
constraint email_events fk_email_events_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint email_events fk_email_events_organization_id_email_id FOREIGN KEY (organization_id, email_id) REFERENCES emails(organization_id, id) ON DELETE CASCADE
constraint email_events pk_email_events PRIMARY KEY (id)
constraint email_minutes fk_email_minutes_organization_id_email_id FOREIGN KEY (organization_id, email_id) REFERENCES emails(organization_id, id) ON DELETE CASCADE
constraint email_minutes pk_email_minutes PRIMARY KEY (organization_id, email_id, minute)
constraint email_recipients fk_email_recipients_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint email_recipients fk_email_recipients_organization_id_email_id FOREIGN KEY (organization_id, email_id) REFERENCES emails(organization_id, id) ON DELETE CASCADE
constraint email_recipients pk_email_recipients PRIMARY KEY (id)
constraint email_recipients uq_email_recipients_organization_id_email_id_address_key UNIQUE (organization_id, email_id, address_key)
constraint email_templates fk_email_templates_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint email_templates pk_email_templates PRIMARY KEY (id)
constraint email_templates uq_email_templates_organization_id_id UNIQUE (organization_id, id)
constraint email_templates uq_email_templates_organization_id_name UNIQUE (organization_id, name)
constraint email_webhooks fk_email_webhooks_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint email_webhooks fk_email_webhooks_organization_id_account_id FOREIGN KEY (organization_id, account_id) REFERENCES email_accounts(organization_id, id) ON DELETE CASCADE
constraint email_webhooks pk_email_webhooks PRIMARY KEY (id)
constraint email_webhooks uq_email_webhooks_organization_id_account_id_delivery_id UNIQUE (organization_id, account_id, delivery_id)
constraint emails fk_emails_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint emails fk_emails_organization_id_account_id FOREIGN KEY (organization_id, account_id) REFERENCES email_accounts(organization_id, id)
constraint emails pk_emails PRIMARY KEY (id)
constraint emails uq_emails_organization_id_id UNIQUE (organization_id, id)
constraint header_files fk_header_files_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint header_files pk_header_files PRIMARY KEY (id)
constraint header_files uq_header_files_organization_id_id UNIQUE (organization_id, id)
constraint header_files uq_header_files_organization_id_sha256 UNIQUE (organization_id, sha256)
constraint import_rows pk_import_rows PRIMARY KEY (id)
constraint import_rows uq_import_rows_organization_id_import_id_row_no UNIQUE (organization_id, import_id, row_no)
constraint import_sightings fk_import_sightings_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint import_sightings pk_import_sightings PRIMARY KEY (id)
constraint import_sightings uq_import_sightings_organization_id_source_key_name UNIQUE (organization_id, source_key, name)
constraint import_undos fk_import_undos_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint import_undos fk_import_undos_organization_id_import_id FOREIGN KEY (organization_id, import_id) REFERENCES imports(organization_id, id) ON DELETE CASCADE
constraint import_undos pk_import_undos PRIMARY KEY (import_id)
constraint imports fk_imports_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint imports pk_imports PRIMARY KEY (id)
constraint imports uq_imports_organization_id_id UNIQUE (organization_id, id)
constraint inbound_messages fk_inbound_messages_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint inbound_messages pk_inbound_messages PRIMARY KEY (id)
constraint inbound_messages uq_inbound_messages_organization_id_account_id_wamid UNIQUE (organization_id, account_id, wamid)
constraint job_attempts fk_job_attempts_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint job_attempts fk_job_attempts_organization_id_job_id FOREIGN KEY (organization_id, job_id) REFERENCES jobs(organization_id, id) ON DELETE CASCADE
constraint job_attempts pk_job_attempts PRIMARY KEY (id)
constraint job_attempts uq_job_attempts_organization_id_job_id_attempt UNIQUE (organization_id, job_id, attempt)
constraint job_counts pk_job_counts PRIMARY KEY (organization_id, queue, processor, state, routine, slot)
constraint job_dependencies fk_job_dependencies_organization_id_job_id FOREIGN KEY (organization_id, job_id) REFERENCES jobs(organization_id, id) ON DELETE CASCADE
constraint job_dependencies fk_job_dependencies_organization_id_needs_id FOREIGN KEY (organization_id, needs_id) REFERENCES jobs(organization_id, id) ON DELETE CASCADE
constraint job_dependencies pk_job_dependencies PRIMARY KEY (organization_id, job_id, needs_id)
constraint job_events fk_job_events_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint job_events fk_job_events_organization_id_job_id FOREIGN KEY (organization_id, job_id) REFERENCES jobs(organization_id, id) ON DELETE CASCADE
constraint job_events pk_job_events PRIMARY KEY (id)
constraint job_items fk_job_items_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint job_items fk_job_items_organization_id_job_id FOREIGN KEY (organization_id, job_id) REFERENCES jobs(organization_id, id) ON DELETE CASCADE
constraint job_items pk_job_items PRIMARY KEY (id)
constraint job_logs fk_job_logs_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint job_schedules fk_job_schedules_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint job_schedules pk_job_schedules PRIMARY KEY (id)
constraint job_schedules uq_job_schedules_organization_id_id UNIQUE (organization_id, id)
constraint jobs fk_jobs_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint jobs pk_jobs PRIMARY KEY (id)
constraint jobs uq_jobs_organization_id_id UNIQUE (organization_id, id)
constraint memberships fk_memberships_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint memberships fk_memberships_user_id FOREIGN KEY (user_id) REFERENCES users(id)
constraint memberships pk_memberships PRIMARY KEY (organization_id, user_id)
constraint message_minutes fk_message_minutes_organization_id FOREIGN KEY (organization_id, campaign_id) REFERENCES campaigns(organization_id, id) ON DELETE CASCADE
constraint message_minutes pk_message_minutes PRIMARY KEY (organization_id, campaign_id, minute)
constraint message_templates fk_message_templates_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint message_templates fk_message_templates_organization_id_account_id FOREIGN KEY (organization_id, account_id) REFERENCES whatsapp_accounts(organization_id, id) ON DELETE CASCADE
constraint message_templates pk_message_templates PRIMARY KEY (id)
constraint message_templates uq_message_templates_organization_id_account_id_name_language UNIQUE (organization_id, account_id, name, language)
constraint message_templates uq_message_templates_organization_id_id UNIQUE (organization_id, id)
constraint notification_choices fk_notification_choices_organization_id_user_id FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id) ON DELETE CASCADE
constraint notification_choices pk_notification_choices PRIMARY KEY (organization_id, user_id, kind)
constraint opt_events fk_opt_events_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint opt_events fk_opt_events_organization_id_contact_id FOREIGN KEY (organization_id, contact_id) REFERENCES contacts(organization_id, id) ON DELETE CASCADE
constraint opt_events pk_opt_events PRIMARY KEY (id)
constraint organizations pk_organizations PRIMARY KEY (id)
constraint organizations uq_organizations_slug UNIQUE (slug)
constraint parked_email_events fk_parked_email_events_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint parked_email_events pk_parked_email_events PRIMARY KEY (id)
constraint parked_statuses fk_parked_statuses_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint parked_statuses pk_parked_statuses PRIMARY KEY (id)
constraint provider_notices fk_provider_notices_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint provider_notices fk_provider_notices_organization_id_account_id FOREIGN KEY (organization_id, account_id) REFERENCES whatsapp_accounts(organization_id, id) ON DELETE CASCADE
constraint provider_notices pk_provider_notices PRIMARY KEY (id)
constraint queue_controls pk_queue_controls PRIMARY KEY (organization_id, queue, processor)
constraint queue_limits pk_queue_limits PRIMARY KEY (organization_id, queue)
constraint rendering_rows fk_rendering_rows_organization_id_rendering_id FOREIGN KEY (organization_id, rendering_id) REFERENCES renderings(organization_id, id) ON DELETE CASCADE
constraint rendering_rows pk_rendering_rows PRIMARY KEY (id)
constraint rendering_rows uq_rendering_rows_organization_id_rendering_id_number UNIQUE (organization_id, rendering_id, number)
constraint renderings fk_renderings_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint renderings pk_renderings PRIMARY KEY (id)
constraint renderings uq_renderings_organization_id_id UNIQUE (organization_id, id)
constraint schedule_fires fk_schedule_fires_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint schedule_fires fk_schedule_fires_organization_id_schedule_id FOREIGN KEY (organization_id, schedule_id) REFERENCES job_schedules(organization_id, id) ON DELETE CASCADE
constraint schedule_fires pk_schedule_fires PRIMARY KEY (id)
constraint schedule_fires uq_schedule_fires_organization_id_schedule_id_fire_at UNIQUE (organization_id, schedule_id, fire_at)
constraint sessions fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES users(id)
constraint sessions pk_sessions PRIMARY KEY (id)
constraint sessions uq_sessions_token_hash UNIQUE (token_hash)
constraint sign_in_failures pk_sign_in_failures PRIMARY KEY (key)
constraint stats_day pk_stats_day PRIMARY KEY (organization_id, queue, day)
constraint stats_hour pk_stats_hour PRIMARY KEY (organization_id, queue, hour)
constraint stats_minute pk_stats_minute PRIMARY KEY (organization_id, queue, minute)
constraint stats_spread pk_stats_spread PRIMARY KEY (organization_id, queue, minute, measure, bucket)
constraint suppression_counts pk_suppression_counts PRIMARY KEY (organization_id, reason)
constraint suppressions fk_suppressions_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint suppressions pk_suppressions PRIMARY KEY (id)
constraint suppressions uq_suppressions_organization_id_address_key UNIQUE (organization_id, address_key)
constraint tags fk_tags_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint tags pk_tags PRIMARY KEY (id)
constraint tags uq_tags_organization_id_id UNIQUE (organization_id, id)
constraint tags uq_tags_organization_id_name UNIQUE (organization_id, name)
constraint template_changes fk_template_changes_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint template_changes fk_template_changes_organization_id_template_id FOREIGN KEY (organization_id, template_id) REFERENCES message_templates(organization_id, id) ON DELETE CASCADE
constraint template_changes pk_template_changes PRIMARY KEY (id)
constraint users fk_users_last_organization_id FOREIGN KEY (last_organization_id) REFERENCES organizations(id)
constraint users pk_users PRIMARY KEY (id)
constraint users uq_users_email UNIQUE (email)
constraint webhook_deliveries fk_webhook_deliveries_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint webhook_deliveries fk_webhook_deliveries_organization_id_account_id FOREIGN KEY (organization_id, account_id) REFERENCES whatsapp_accounts(organization_id, id) ON DELETE CASCADE
constraint webhook_deliveries pk_webhook_deliveries PRIMARY KEY (id)
constraint webhook_deliveries uq_webhook_deliveries_organization_id_account_id_digest UNIQUE (organization_id, account_id, digest)
constraint whatsapp_accounts fk_whatsapp_accounts_organization_id FOREIGN KEY (organization_id) REFERENCES organizations(id)
constraint whatsapp_accounts pk_whatsapp_accounts PRIMARY KEY (id)
constraint whatsapp_accounts uq_whatsapp_accounts_organization_id_id UNIQUE (organization_id, id)
constraint whatsapp_accounts uq_whatsapp_accounts_organization_id_phone_number_id UNIQUE (organization_id, phone_number_id)
constraint workers pk_workers PRIMARY KEY (id)
CREATE UNIQUE INDEX alembic_version_pkc ON public.alembic_version USING btree (version_num)
CREATE UNIQUE INDEX pk_alert_channels ON public.alert_channels USING btree (id)
CREATE UNIQUE INDEX uq_alert_channels_organization_id_id ON public.alert_channels USING btree (organization_id, id)
CREATE UNIQUE INDEX uq_alert_channels_organization_id_name ON public.alert_channels USING btree (organization_id, name)
CREATE INDEX ix_alert_deliveries_channel ON public.alert_deliveries USING btree (organization_id, channel, id)
CREATE INDEX ix_alert_deliveries_incident ON public.alert_deliveries USING btree (organization_id, incident_id, id)
CREATE INDEX ix_alert_deliveries_list ON public.alert_deliveries USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_alert_deliveries ON public.alert_deliveries USING btree (id)
CREATE INDEX ix_alert_incidents_kind ON public.alert_incidents USING btree (organization_id, kind, id)
CREATE INDEX ix_alert_incidents_list ON public.alert_incidents USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_alert_incidents ON public.alert_incidents USING btree (id)
CREATE UNIQUE INDEX uq_alert_incidents_open ON public.alert_incidents USING btree (organization_id, kind) WHERE (resolved_at IS NULL)
CREATE UNIQUE INDEX uq_alert_incidents_organization_id_id ON public.alert_incidents USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_alert_rules ON public.alert_rules USING btree (organization_id, kind)
CREATE UNIQUE INDEX pk_alert_seen ON public.alert_seen USING btree (organization_id, user_id)
CREATE UNIQUE INDEX pk_alert_watches ON public.alert_watches USING btree (organization_id)
CREATE INDEX ix_api_tokens_organization_id ON public.api_tokens USING btree (organization_id)
CREATE UNIQUE INDEX pk_api_tokens ON public.api_tokens USING btree (id)
CREATE UNIQUE INDEX uq_api_tokens_token_hash ON public.api_tokens USING btree (token_hash)
CREATE INDEX ix_audit_events_at ON public.audit_events USING btree (organization_id, at, id)
CREATE INDEX ix_audit_events_kind ON public.audit_events USING btree (organization_id, kind, at, id)
CREATE UNIQUE INDEX pk_audit_events ON public.audit_events USING btree (id)
CREATE UNIQUE INDEX uq_audit_events_organization_id_id ON public.audit_events USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_campaign_counts ON public.campaign_counts USING btree (organization_id, campaign_id, round, status, error_code)
CREATE INDEX ix_campaign_events_campaign ON public.campaign_events USING btree (organization_id, campaign_id, id)
CREATE UNIQUE INDEX pk_campaign_events ON public.campaign_events USING btree (id)
CREATE INDEX ix_campaign_recipients_contact ON public.campaign_recipients USING btree (organization_id, contact_id, id)
CREATE INDEX ix_campaign_recipients_due ON public.campaign_recipients USING btree (organization_id, campaign_id, not_before, id) WHERE ((status)::text = 'pending'::text)
CREATE INDEX ix_campaign_recipients_failed_later ON public.campaign_recipients USING btree (organization_id, campaign_id) WHERE (((status)::text = 'failed'::text) AND (accepted_at IS NOT NULL))
CREATE INDEX ix_campaign_recipients_list ON public.campaign_recipients USING btree (organization_id, campaign_id, id)
CREATE INDEX ix_campaign_recipients_round ON public.campaign_recipients USING btree (organization_id, campaign_id, round, id) WHERE (round > 1)
CREATE INDEX ix_campaign_recipients_status ON public.campaign_recipients USING btree (organization_id, campaign_id, status, id)
CREATE INDEX ix_campaign_recipients_wamid ON public.campaign_recipients USING btree (organization_id, wamid)
CREATE UNIQUE INDEX pk_campaign_recipients ON public.campaign_recipients USING btree (id)
CREATE UNIQUE INDEX uq_campaign_recipients_organization_id_campaign_id_person_key ON public.campaign_recipients USING btree (organization_id, campaign_id, person_key)
CREATE INDEX ix_campaigns_by_status ON public.campaigns USING btree (organization_id, status, id)
CREATE INDEX ix_campaigns_list ON public.campaigns USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_campaigns ON public.campaigns USING btree (id)
CREATE UNIQUE INDEX uq_campaigns_organization_id_id ON public.campaigns USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_consents ON public.consents USING btree (organization_id, person_key)
CREATE UNIQUE INDEX pk_contact_counts ON public.contact_counts USING btree (organization_id)
CREATE INDEX ix_contact_imports_contact ON public.contact_imports USING btree (organization_id, contact_id)
CREATE UNIQUE INDEX pk_contact_imports ON public.contact_imports USING btree (import_id, contact_id)
CREATE INDEX ix_contact_tags_contact ON public.contact_tags USING btree (organization_id, contact_id)
CREATE UNIQUE INDEX pk_contact_tags ON public.contact_tags USING btree (tag_id, contact_id)
CREATE INDEX ix_contacts_email_out ON public.contacts USING btree (organization_id, email) WHERE (opted_out_at IS NOT NULL)
CREATE INDEX ix_contacts_name ON public.contacts USING btree (organization_id, name, id)
CREATE INDEX ix_contacts_person ON public.contacts USING btree (organization_id, person_key)
CREATE INDEX ix_contacts_wa_id ON public.contacts USING btree (organization_id, wa_id) WHERE (wa_id IS NOT NULL)
CREATE INDEX ix_contacts_wa_user_id ON public.contacts USING btree (organization_id, wa_user_id) WHERE (wa_user_id IS NOT NULL)
CREATE UNIQUE INDEX pk_contacts ON public.contacts USING btree (id)
CREATE UNIQUE INDEX uq_contacts_organization_id_id ON public.contacts USING btree (organization_id, id)
CREATE UNIQUE INDEX uq_contacts_organization_id_phone ON public.contacts USING btree (organization_id, phone)
CREATE UNIQUE INDEX pk_digest_times ON public.digest_times USING btree (organization_id, user_id)
CREATE UNIQUE INDEX pk_email_accounts ON public.email_accounts USING btree (id)
CREATE UNIQUE INDEX uq_email_accounts_organization_id_id ON public.email_accounts USING btree (organization_id, id)
CREATE UNIQUE INDEX uq_email_accounts_organization_id_name ON public.email_accounts USING btree (organization_id, name)
CREATE INDEX ix_email_chunks_open ON public.email_chunks USING btree (organization_id, email_id, id) WHERE (settled_at IS NULL)
CREATE UNIQUE INDEX pk_email_chunks ON public.email_chunks USING btree (id)
CREATE UNIQUE INDEX pk_email_counts ON public.email_counts USING btree (organization_id, email_id, status, error_code)
CREATE INDEX ix_email_events_list ON public.email_events USING btree (organization_id, email_id, id)
CREATE UNIQUE INDEX pk_email_events ON public.email_events USING btree (id)
CREATE INDEX ix_email_minutes_minute ON public.email_minutes USING btree (organization_id, minute)
CREATE UNIQUE INDEX pk_email_minutes ON public.email_minutes USING btree (organization_id, email_id, minute)
CREATE INDEX ix_email_recipients_address ON public.email_recipients USING btree (organization_id, address_key, id)
CREATE INDEX ix_email_recipients_chunk ON public.email_recipients USING btree (organization_id, email_id, chunk_id, id)
CREATE INDEX ix_email_recipients_contact ON public.email_recipients USING btree (organization_id, contact_id, id)
CREATE INDEX ix_email_recipients_list ON public.email_recipients USING btree (organization_id, email_id, id)
CREATE INDEX ix_email_recipients_provider ON public.email_recipients USING btree (organization_id, provider_id)
CREATE INDEX ix_email_recipients_status ON public.email_recipients USING btree (organization_id, email_id, status, id)
CREATE INDEX ix_email_recipients_unsubscribed ON public.email_recipients USING btree (organization_id, email_id, id) WHERE (unsubscribed_at IS NOT NULL)
CREATE UNIQUE INDEX pk_email_recipients ON public.email_recipients USING btree (id)
CREATE UNIQUE INDEX uq_email_recipients_organization_id_email_id_address_key ON public.email_recipients USING btree (organization_id, email_id, address_key)
CREATE UNIQUE INDEX pk_email_templates ON public.email_templates USING btree (id)
CREATE UNIQUE INDEX uq_email_templates_organization_id_id ON public.email_templates USING btree (organization_id, id)
CREATE UNIQUE INDEX uq_email_templates_organization_id_name ON public.email_templates USING btree (organization_id, name)
CREATE INDEX ix_email_webhooks_open ON public.email_webhooks USING btree (organization_id, account_id, id) WHERE (applied_at IS NULL)
CREATE INDEX ix_email_webhooks_received ON public.email_webhooks USING btree (organization_id, received_at)
CREATE UNIQUE INDEX pk_email_webhooks ON public.email_webhooks USING btree (id)
CREATE UNIQUE INDEX uq_email_webhooks_organization_id_account_id_delivery_id ON public.email_webhooks USING btree (organization_id, account_id, delivery_id)
CREATE INDEX ix_emails_by_status ON public.emails USING btree (organization_id, status, id)
CREATE UNIQUE INDEX pk_emails ON public.emails USING btree (id)
CREATE UNIQUE INDEX uq_emails_organization_id_id ON public.emails USING btree (organization_id, id)
CREATE INDEX ix_header_files_list ON public.header_files USING btree (organization_id, kind, id)
CREATE UNIQUE INDEX pk_header_files ON public.header_files USING btree (id)
CREATE UNIQUE INDEX uq_header_files_organization_id_id ON public.header_files USING btree (organization_id, id)
CREATE UNIQUE INDEX uq_header_files_organization_id_sha256 ON public.header_files USING btree (organization_id, sha256)
CREATE INDEX ix_import_rows_outcome ON public.import_rows USING btree (organization_id, import_id, outcome, row_no)
CREATE UNIQUE INDEX pk_import_rows ON public.import_rows USING btree (id)
CREATE UNIQUE INDEX uq_import_rows_organization_id_import_id_row_no ON public.import_rows USING btree (organization_id, import_id, row_no)
CREATE UNIQUE INDEX pk_import_sightings ON public.import_sightings USING btree (id)
CREATE UNIQUE INDEX uq_import_sightings_organization_id_source_key_name ON public.import_sightings USING btree (organization_id, source_key, name)
CREATE UNIQUE INDEX pk_import_undos ON public.import_undos USING btree (import_id)
CREATE INDEX ix_imports_header ON public.imports USING btree (organization_id, header_key, id)
CREATE INDEX ix_imports_list ON public.imports USING btree (organization_id, id)
CREATE INDEX ix_imports_sha256 ON public.imports USING btree (organization_id, sha256, id)
CREATE INDEX ix_imports_source ON public.imports USING btree (organization_id, source_key, sha256)
CREATE UNIQUE INDEX pk_imports ON public.imports USING btree (id)
CREATE UNIQUE INDEX uq_imports_organization_id_id ON public.imports USING btree (organization_id, id)
CREATE INDEX ix_inbound_messages_at ON public.inbound_messages USING btree (organization_id, at)
CREATE INDEX ix_inbound_messages_contact ON public.inbound_messages USING btree (organization_id, contact_id, id)
CREATE UNIQUE INDEX pk_inbound_messages ON public.inbound_messages USING btree (id)
CREATE UNIQUE INDEX uq_inbound_messages_organization_id_account_id_wamid ON public.inbound_messages USING btree (organization_id, account_id, wamid)
CREATE UNIQUE INDEX pk_job_attempts ON public.job_attempts USING btree (id)
CREATE UNIQUE INDEX uq_job_attempts_organization_id_job_id_attempt ON public.job_attempts USING btree (organization_id, job_id, attempt)
CREATE UNIQUE INDEX pk_job_counts ON public.job_counts USING btree (organization_id, queue, processor, state, routine, slot)
CREATE INDEX ix_job_dependencies_needs ON public.job_dependencies USING btree (needs_id, job_id)
CREATE UNIQUE INDEX pk_job_dependencies ON public.job_dependencies USING btree (organization_id, job_id, needs_id)
CREATE INDEX ix_job_events_job ON public.job_events USING btree (organization_id, job_id, id)
CREATE UNIQUE INDEX pk_job_events ON public.job_events USING btree (id)
CREATE INDEX ix_job_items_job ON public.job_items USING btree (organization_id, job_id, id)
CREATE UNIQUE INDEX pk_job_items ON public.job_items USING btree (id)
CREATE INDEX ix_job_logs_finished ON ONLY public.job_logs USING btree (organization_id, finished_at)
CREATE INDEX ix_job_logs_job_id ON ONLY public.job_logs USING btree (job_id)
CREATE INDEX ix_job_schedules_due ON public.job_schedules USING btree (next_run_at) WHERE (next_run_at IS NOT NULL)
CREATE INDEX ix_job_schedules_state ON public.job_schedules USING btree (organization_id, state, id)
CREATE UNIQUE INDEX pk_job_schedules ON public.job_schedules USING btree (id)
CREATE UNIQUE INDEX uq_job_schedules_organization_id_id ON public.job_schedules USING btree (organization_id, id)
CREATE INDEX ix_jobs_by_queue ON public.jobs USING btree (organization_id, queue, id) WHERE ((NOT routine) OR ((state)::text = 'failed'::text))
CREATE INDEX ix_jobs_by_state ON public.jobs USING btree (organization_id, state, id) WHERE ((NOT routine) OR ((state)::text = 'failed'::text))
CREATE INDEX ix_jobs_dispatched ON public.jobs USING btree (dispatched_at) WHERE ((state)::text = 'waiting'::text)
CREATE INDEX ix_jobs_lease ON public.jobs USING btree (lease_until) WHERE ((state)::text = 'active'::text)
CREATE INDEX ix_jobs_list ON public.jobs USING btree (organization_id, id) WHERE ((NOT routine) OR ((state)::text = 'failed'::text))
CREATE INDEX ix_jobs_open ON public.jobs USING btree (queue, organization_id, processor, priority, run_at) WHERE (((state)::text = ANY ((ARRAY['waiting'::character varying, 'delayed'::character varying])::text[])) AND (dispatched_at IS NULL) AND (blocked_by = 0))
CREATE INDEX ix_jobs_parent ON public.jobs USING btree (organization_id, parent_id) WHERE (parent_id IS NOT NULL)
CREATE INDEX ix_jobs_subject ON public.jobs USING btree (organization_id, subject) WHERE (subject IS NOT NULL)
CREATE UNIQUE INDEX pk_jobs ON public.jobs USING btree (id)
CREATE UNIQUE INDEX uq_jobs_dedupe ON public.jobs USING btree (organization_id, dedupe_key) WHERE (((state)::text = ANY ((ARRAY['waiting'::character varying, 'delayed'::character varying])::text[])) AND (dedupe_key IS NOT NULL))
CREATE UNIQUE INDEX uq_jobs_idempotency ON public.jobs USING btree (organization_id, idempotency_key) WHERE (idempotency_key IS NOT NULL)
CREATE UNIQUE INDEX uq_jobs_organization_id_id ON public.jobs USING btree (organization_id, id)
CREATE INDEX ix_memberships_user_id ON public.memberships USING btree (user_id)
CREATE UNIQUE INDEX pk_memberships ON public.memberships USING btree (organization_id, user_id)
CREATE INDEX ix_message_minutes_minute ON public.message_minutes USING btree (organization_id, minute)
CREATE UNIQUE INDEX pk_message_minutes ON public.message_minutes USING btree (organization_id, campaign_id, minute)
CREATE UNIQUE INDEX pk_message_templates ON public.message_templates USING btree (id)
CREATE UNIQUE INDEX uq_message_templates_organization_id_account_id_name_language ON public.message_templates USING btree (organization_id, account_id, name, language)
CREATE UNIQUE INDEX uq_message_templates_organization_id_id ON public.message_templates USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_notification_choices ON public.notification_choices USING btree (organization_id, user_id, kind)
CREATE INDEX ix_opt_events_contact ON public.opt_events USING btree (organization_id, contact_id, id)
CREATE UNIQUE INDEX pk_opt_events ON public.opt_events USING btree (id)
CREATE UNIQUE INDEX pk_organizations ON public.organizations USING btree (id)
CREATE UNIQUE INDEX uq_organizations_slug ON public.organizations USING btree (slug)
CREATE INDEX ix_parked_email_events_provider ON public.parked_email_events USING btree (organization_id, provider_id)
CREATE UNIQUE INDEX pk_parked_email_events ON public.parked_email_events USING btree (id)
CREATE INDEX ix_parked_statuses_wamid ON public.parked_statuses USING btree (organization_id, wamid)
CREATE UNIQUE INDEX pk_parked_statuses ON public.parked_statuses USING btree (id)
CREATE INDEX ix_provider_notices_at ON public.provider_notices USING btree (organization_id, at, id)
CREATE UNIQUE INDEX pk_provider_notices ON public.provider_notices USING btree (id)
CREATE UNIQUE INDEX pk_queue_controls ON public.queue_controls USING btree (organization_id, queue, processor)
CREATE UNIQUE INDEX pk_queue_limits ON public.queue_limits USING btree (organization_id, queue)
CREATE INDEX ix_rendering_rows_contact ON public.rendering_rows USING btree (organization_id, rendering_id, contact_id)
CREATE INDEX ix_rendering_rows_outcome ON public.rendering_rows USING btree (organization_id, rendering_id, outcome, number)
CREATE UNIQUE INDEX pk_rendering_rows ON public.rendering_rows USING btree (id)
CREATE UNIQUE INDEX uq_rendering_rows_organization_id_rendering_id_number ON public.rendering_rows USING btree (organization_id, rendering_id, number)
CREATE INDEX ix_renderings_list ON public.renderings USING btree (organization_id, id)
CREATE UNIQUE INDEX pk_renderings ON public.renderings USING btree (id)
CREATE UNIQUE INDEX uq_renderings_organization_id_id ON public.renderings USING btree (organization_id, id)
CREATE INDEX ix_schedule_fires_job ON public.schedule_fires USING btree (organization_id, job_id) WHERE (job_id IS NOT NULL)
CREATE INDEX ix_schedule_fires_list ON public.schedule_fires USING btree (organization_id, schedule_id, id)
CREATE INDEX ix_schedule_fires_made ON public.schedule_fires USING btree (organization_id, made_at)
CREATE INDEX ix_schedule_fires_replacing ON public.schedule_fires USING btree (id) WHERE ((state)::text = 'replacing'::text)
CREATE UNIQUE INDEX pk_schedule_fires ON public.schedule_fires USING btree (id)
CREATE UNIQUE INDEX uq_schedule_fires_organization_id_schedule_id_fire_at ON public.schedule_fires USING btree (organization_id, schedule_id, fire_at)
CREATE INDEX ix_sessions_user_id ON public.sessions USING btree (user_id)
CREATE UNIQUE INDEX pk_sessions ON public.sessions USING btree (id)
CREATE UNIQUE INDEX uq_sessions_token_hash ON public.sessions USING btree (token_hash)
CREATE INDEX ix_sign_in_failures_last_at ON public.sign_in_failures USING btree (last_at)
CREATE UNIQUE INDEX pk_sign_in_failures ON public.sign_in_failures USING btree (key)
CREATE UNIQUE INDEX pk_stats_day ON public.stats_day USING btree (organization_id, queue, day)
CREATE UNIQUE INDEX pk_stats_hour ON public.stats_hour USING btree (organization_id, queue, hour)
CREATE UNIQUE INDEX pk_stats_minute ON public.stats_minute USING btree (organization_id, queue, minute)
CREATE UNIQUE INDEX pk_stats_spread ON public.stats_spread USING btree (organization_id, queue, minute, measure, bucket)
CREATE UNIQUE INDEX pk_suppression_counts ON public.suppression_counts USING btree (organization_id, reason)
CREATE INDEX ix_suppressions_list ON public.suppressions USING btree (organization_id, id)
CREATE INDEX ix_suppressions_reason ON public.suppressions USING btree (organization_id, reason, id)
CREATE INDEX ix_suppressions_to_sync ON public.suppressions USING btree (organization_id, told_at, id)
CREATE UNIQUE INDEX pk_suppressions ON public.suppressions USING btree (id)
CREATE UNIQUE INDEX uq_suppressions_organization_id_address_key ON public.suppressions USING btree (organization_id, address_key)
CREATE UNIQUE INDEX pk_tags ON public.tags USING btree (id)
CREATE UNIQUE INDEX uq_tags_organization_id_id ON public.tags USING btree (organization_id, id)
CREATE UNIQUE INDEX uq_tags_organization_id_name ON public.tags USING btree (organization_id, name)
CREATE INDEX ix_template_changes_template ON public.template_changes USING btree (organization_id, template_id, id)
CREATE UNIQUE INDEX pk_template_changes ON public.template_changes USING btree (id)
CREATE UNIQUE INDEX pk_users ON public.users USING btree (id)
CREATE UNIQUE INDEX uq_users_email ON public.users USING btree (email)
CREATE INDEX ix_webhook_deliveries_open ON public.webhook_deliveries USING btree (organization_id, account_id, id) WHERE (applied_at IS NULL)
CREATE INDEX ix_webhook_deliveries_received ON public.webhook_deliveries USING btree (organization_id, received_at)
CREATE UNIQUE INDEX pk_webhook_deliveries ON public.webhook_deliveries USING btree (id)
CREATE UNIQUE INDEX uq_webhook_deliveries_organization_id_account_id_digest ON public.webhook_deliveries USING btree (organization_id, account_id, digest)
CREATE UNIQUE INDEX pk_whatsapp_accounts ON public.whatsapp_accounts USING btree (id)
CREATE UNIQUE INDEX uq_whatsapp_accounts_organization_id_id ON public.whatsapp_accounts USING btree (organization_id, id)
CREATE UNIQUE INDEX uq_whatsapp_accounts_organization_id_phone_number_id ON public.whatsapp_accounts USING btree (organization_id, phone_number_id)
CREATE UNIQUE INDEX pk_workers ON public.workers USING btree (id)
CREATE TRIGGER freeze_audit_events BEFORE UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION freeze_audit_events()
CREATE TRIGGER count_campaign_recipients_delete AFTER DELETE ON public.campaign_recipients REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_campaign_recipients_delete()
CREATE TRIGGER count_campaign_recipients_insert AFTER INSERT ON public.campaign_recipients REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_campaign_recipients_insert()
CREATE TRIGGER count_campaign_recipients_moments_insert AFTER INSERT ON public.campaign_recipients REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_campaign_recipients_moments_insert()
CREATE TRIGGER count_campaign_recipients_moments_update AFTER UPDATE ON public.campaign_recipients REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_campaign_recipients_moments_update()
CREATE TRIGGER count_campaign_recipients_update AFTER UPDATE ON public.campaign_recipients REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_campaign_recipients_update()
CREATE TRIGGER fk_contact_imports_organization_id_contact_id_pointed BEFORE UPDATE OF organization_id, contact_id ON public.contact_imports FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.contact_id <> new.contact_id))) EXECUTE FUNCTION fk_contact_imports_organization_id_contact_id_pointed()
CREATE TRIGGER fk_contact_imports_organization_id_contact_id_there AFTER INSERT ON public.contact_imports REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_imports_organization_id_contact_id_there()
CREATE TRIGGER fk_contact_imports_organization_id_import_id_pointed BEFORE UPDATE OF organization_id, import_id ON public.contact_imports FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.import_id <> new.import_id))) EXECUTE FUNCTION fk_contact_imports_organization_id_import_id_pointed()
CREATE TRIGGER fk_contact_imports_organization_id_import_id_there AFTER INSERT ON public.contact_imports REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_imports_organization_id_import_id_there()
CREATE TRIGGER fk_contact_tags_organization_id_contact_id_pointed BEFORE UPDATE OF organization_id, contact_id ON public.contact_tags FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.contact_id <> new.contact_id))) EXECUTE FUNCTION fk_contact_tags_organization_id_contact_id_pointed()
CREATE TRIGGER fk_contact_tags_organization_id_contact_id_there AFTER INSERT ON public.contact_tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_tags_organization_id_contact_id_there()
CREATE TRIGGER fk_contact_tags_organization_id_tag_id_pointed BEFORE UPDATE OF organization_id, tag_id ON public.contact_tags FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.tag_id <> new.tag_id))) EXECUTE FUNCTION fk_contact_tags_organization_id_tag_id_pointed()
CREATE TRIGGER fk_contact_tags_organization_id_tag_id_there AFTER INSERT ON public.contact_tags REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_tags_organization_id_tag_id_there()
CREATE TRIGGER count_contacts_delete AFTER DELETE ON public.contacts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_contacts_delete()
CREATE TRIGGER count_contacts_insert AFTER INSERT ON public.contacts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_contacts_insert()
CREATE TRIGGER count_contacts_update AFTER UPDATE ON public.contacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_contacts_update()
CREATE TRIGGER fk_contact_imports_organization_id_contact_id_gone AFTER DELETE ON public.contacts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_imports_organization_id_contact_id_gone()
CREATE TRIGGER fk_contact_imports_organization_id_contact_id_named BEFORE UPDATE OF organization_id, id ON public.contacts FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.id <> new.id))) EXECUTE FUNCTION fk_contact_imports_organization_id_contact_id_named()
CREATE TRIGGER fk_contact_tags_organization_id_contact_id_gone AFTER DELETE ON public.contacts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_tags_organization_id_contact_id_gone()
CREATE TRIGGER fk_contact_tags_organization_id_contact_id_named BEFORE UPDATE OF organization_id, id ON public.contacts FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.id <> new.id))) EXECUTE FUNCTION fk_contact_tags_organization_id_contact_id_named()
CREATE TRIGGER fk_contacts_organization_id_pointed BEFORE UPDATE OF organization_id ON public.contacts FOR EACH ROW WHEN ((old.organization_id <> new.organization_id)) EXECUTE FUNCTION fk_contacts_organization_id_pointed()
CREATE TRIGGER fk_contacts_organization_id_there AFTER INSERT ON public.contacts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contacts_organization_id_there()
CREATE TRIGGER count_email_recipients_delete AFTER DELETE ON public.email_recipients REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_email_recipients_delete()
CREATE TRIGGER count_email_recipients_insert AFTER INSERT ON public.email_recipients REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_email_recipients_insert()
CREATE TRIGGER count_email_recipients_moments_insert AFTER INSERT ON public.email_recipients REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_email_recipients_moments_insert()
CREATE TRIGGER count_email_recipients_moments_update AFTER UPDATE ON public.email_recipients REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_email_recipients_moments_update()
CREATE TRIGGER count_email_recipients_update AFTER UPDATE ON public.email_recipients REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_email_recipients_update()
CREATE TRIGGER fk_import_rows_organization_id_import_id_pointed BEFORE UPDATE OF organization_id, import_id ON public.import_rows FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.import_id <> new.import_id))) EXECUTE FUNCTION fk_import_rows_organization_id_import_id_pointed()
CREATE TRIGGER fk_import_rows_organization_id_import_id_there AFTER INSERT ON public.import_rows REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_import_rows_organization_id_import_id_there()
CREATE TRIGGER fk_contact_imports_organization_id_import_id_gone AFTER DELETE ON public.imports REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_imports_organization_id_import_id_gone()
CREATE TRIGGER fk_contact_imports_organization_id_import_id_named BEFORE UPDATE OF organization_id, id ON public.imports FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.id <> new.id))) EXECUTE FUNCTION fk_contact_imports_organization_id_import_id_named()
CREATE TRIGGER fk_import_rows_organization_id_import_id_gone AFTER DELETE ON public.imports REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_import_rows_organization_id_import_id_gone()
CREATE TRIGGER fk_import_rows_organization_id_import_id_named BEFORE UPDATE OF organization_id, id ON public.imports FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.id <> new.id))) EXECUTE FUNCTION fk_import_rows_organization_id_import_id_named()
CREATE TRIGGER freeze_job_logs BEFORE UPDATE ON public.job_logs FOR EACH ROW EXECUTE FUNCTION freeze_job_logs()
CREATE TRIGGER count_jobs_delete AFTER DELETE ON public.jobs REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_jobs_delete()
CREATE TRIGGER count_jobs_insert AFTER INSERT ON public.jobs REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_jobs_insert()
CREATE TRIGGER count_jobs_update AFTER UPDATE ON public.jobs REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_jobs_update()
CREATE TRIGGER fk_contacts_organization_id_gone AFTER DELETE ON public.organizations REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contacts_organization_id_gone()
CREATE TRIGGER fk_contacts_organization_id_named BEFORE UPDATE OF id ON public.organizations FOR EACH ROW WHEN ((old.id <> new.id)) EXECUTE FUNCTION fk_contacts_organization_id_named()
CREATE TRIGGER count_suppressions_delete AFTER DELETE ON public.suppressions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_suppressions_delete()
CREATE TRIGGER count_suppressions_insert AFTER INSERT ON public.suppressions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_suppressions_insert()
CREATE TRIGGER count_suppressions_update AFTER UPDATE ON public.suppressions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_suppressions_update()
CREATE TRIGGER fk_contact_tags_organization_id_tag_id_gone AFTER DELETE ON public.tags REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION fk_contact_tags_organization_id_tag_id_gone()
CREATE TRIGGER fk_contact_tags_organization_id_tag_id_named BEFORE UPDATE OF organization_id, id ON public.tags FOR EACH ROW WHEN (((old.organization_id <> new.organization_id) OR (old.id <> new.id))) EXECUTE FUNCTION fk_contact_tags_organization_id_tag_id_named()
row security of alert_channels, forced
row security of alert_deliveries, forced
row security of alert_incidents, forced
row security of alert_rules, forced
row security of alert_seen, forced
row security of alert_watches, forced
row security of api_tokens, forced
row security of audit_events, forced
row security of campaign_counts, forced
row security of campaign_events, forced
row security of campaign_recipients, forced
row security of campaigns, forced
row security of consents, forced
row security of contact_counts, forced
row security of contact_imports, forced
row security of contact_tags, forced
row security of contacts, forced
row security of digest_times, forced
row security of email_accounts, forced
row security of email_chunks, forced
row security of email_counts, forced
row security of email_events, forced
row security of email_minutes, forced
row security of email_recipients, forced
row security of email_templates, forced
row security of email_webhooks, forced
row security of emails, forced
row security of header_files, forced
row security of import_rows, forced
row security of import_sightings, forced
row security of import_undos, forced
row security of imports, forced
row security of inbound_messages, forced
row security of job_attempts, forced
row security of job_counts, forced
row security of job_dependencies, forced
row security of job_events, forced
row security of job_items, forced
row security of job_logs, forced
row security of job_schedules, forced
row security of jobs, forced
row security of memberships, forced
row security of message_minutes, forced
row security of message_templates, forced
row security of notification_choices, forced
row security of opt_events, forced
row security of organizations, forced
row security of parked_email_events, forced
row security of parked_statuses, forced
row security of provider_notices, forced
row security of queue_controls, forced
row security of queue_limits, forced
row security of rendering_rows, forced
row security of renderings, forced
row security of schedule_fires, forced
row security of sessions, forced
row security of stats_day, forced
row security of stats_hour, forced
row security of stats_minute, forced
row security of stats_spread, forced
row security of suppression_counts, forced
row security of suppressions, forced
row security of tags, forced
row security of template_changes, forced
row security of users, forced
row security of webhook_deliveries, forced
row security of whatsapp_accounts, forced
row security of workers, forced
policy alert_channels engine PERMISSIVE ALL {adsapp_engine} true check true
policy alert_channels organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy alert_deliveries engine PERMISSIVE ALL {adsapp_engine} true check true
policy alert_deliveries organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy alert_incidents engine PERMISSIVE ALL {adsapp_engine} true check true
policy alert_incidents organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy alert_rules engine PERMISSIVE ALL {adsapp_engine} true check true
policy alert_rules organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy alert_seen engine PERMISSIVE ALL {adsapp_engine} true check true
policy alert_seen organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy alert_watches engine PERMISSIVE ALL {adsapp_engine} true check true
policy alert_watches organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy api_tokens door PERMISSIVE SELECT {adsapp_door} ((token_hash)::text = NULLIF(current_setting('app.key'::text, true), ''::text)) check
policy api_tokens organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy audit_events engine PERMISSIVE ALL {adsapp_engine} true check true
policy audit_events organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy campaign_counts engine PERMISSIVE ALL {adsapp_engine} true check true
policy campaign_counts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy campaign_events engine PERMISSIVE ALL {adsapp_engine} true check true
policy campaign_events organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy campaign_recipients engine PERMISSIVE ALL {adsapp_engine} true check true
policy campaign_recipients organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy campaigns engine PERMISSIVE ALL {adsapp_engine} true check true
policy campaigns organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy consents engine PERMISSIVE ALL {adsapp_engine} true check true
policy consents organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy contact_counts engine PERMISSIVE ALL {adsapp_engine} true check true
policy contact_counts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy contact_imports engine PERMISSIVE ALL {adsapp_engine} true check true
policy contact_imports organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy contact_tags engine PERMISSIVE ALL {adsapp_engine} true check true
policy contact_tags organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy contacts engine PERMISSIVE ALL {adsapp_engine} true check true
policy contacts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy digest_times engine PERMISSIVE ALL {adsapp_engine} true check true
policy digest_times organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_accounts engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_accounts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_chunks engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_chunks organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_counts engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_counts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_events engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_events organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_minutes engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_minutes organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_recipients engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_recipients organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_templates engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_templates organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy email_webhooks engine PERMISSIVE ALL {adsapp_engine} true check true
policy email_webhooks organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy emails engine PERMISSIVE ALL {adsapp_engine} true check true
policy emails organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy header_files engine PERMISSIVE ALL {adsapp_engine} true check true
policy header_files organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy import_rows engine PERMISSIVE ALL {adsapp_engine} true check true
policy import_rows organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy import_sightings engine PERMISSIVE ALL {adsapp_engine} true check true
policy import_sightings organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy import_undos engine PERMISSIVE ALL {adsapp_engine} true check true
policy import_undos organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy imports engine PERMISSIVE ALL {adsapp_engine} true check true
policy imports organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy inbound_messages engine PERMISSIVE ALL {adsapp_engine} true check true
policy inbound_messages organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy job_attempts engine PERMISSIVE ALL {adsapp_engine} true check true
policy job_attempts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy job_counts engine PERMISSIVE ALL {adsapp_engine} true check true
policy job_counts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy job_dependencies engine PERMISSIVE ALL {adsapp_engine} true check true
policy job_dependencies organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy job_events engine PERMISSIVE ALL {adsapp_engine} true check true
policy job_events organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy job_items engine PERMISSIVE ALL {adsapp_engine} true check true
policy job_items organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy job_logs engine PERMISSIVE ALL {adsapp_engine} true check true
policy job_logs organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy job_schedules engine PERMISSIVE ALL {adsapp_engine} true check true
policy job_schedules organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy jobs engine PERMISSIVE ALL {adsapp_engine} true check true
policy jobs organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy memberships door PERMISSIVE SELECT {adsapp_door} ((user_id = ( SELECT s.user_id
FROM sessions s
WHERE ((s.token_hash)::text = NULLIF(current_setting('app.key'::text, true), ''::text)))) OR (user_id = ( SELECT u.id
FROM users u
WHERE ((u.email)::text = NULLIF(current_setting('app.key'::text, true), ''::text))))) check
policy memberships organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy message_minutes engine PERMISSIVE ALL {adsapp_engine} true check true
policy message_minutes organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy message_templates engine PERMISSIVE ALL {adsapp_engine} true check true
policy message_templates organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy notification_choices engine PERMISSIVE ALL {adsapp_engine} true check true
policy notification_choices organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy opt_events engine PERMISSIVE ALL {adsapp_engine} true check true
policy opt_events organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy organizations door PERMISSIVE SELECT {adsapp_door} (((slug)::text = NULLIF(current_setting('app.key'::text, true), ''::text)) OR (id IN ( SELECT m.organization_id
FROM memberships m)) OR (id = ( SELECT t.organization_id
FROM api_tokens t
WHERE ((t.token_hash)::text = NULLIF(current_setting('app.key'::text, true), ''::text))))) check
policy organizations engine PERMISSIVE SELECT {adsapp_engine} true check
policy organizations organization PERMISSIVE ALL {adsapp_app} (id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy parked_email_events engine PERMISSIVE ALL {adsapp_engine} true check true
policy parked_email_events organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy parked_statuses engine PERMISSIVE ALL {adsapp_engine} true check true
policy parked_statuses organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy provider_notices engine PERMISSIVE ALL {adsapp_engine} true check true
policy provider_notices organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy queue_controls engine PERMISSIVE ALL {adsapp_engine} true check true
policy queue_controls organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy queue_limits engine PERMISSIVE ALL {adsapp_engine} true check true
policy queue_limits organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy rendering_rows engine PERMISSIVE ALL {adsapp_engine} true check true
policy rendering_rows organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy renderings engine PERMISSIVE ALL {adsapp_engine} true check true
policy renderings organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy schedule_fires engine PERMISSIVE ALL {adsapp_engine} true check true
policy schedule_fires organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy sessions door PERMISSIVE SELECT {adsapp_door} ((token_hash)::text = NULLIF(current_setting('app.key'::text, true), ''::text)) check
policy sessions organization PERMISSIVE ALL {adsapp_app} (EXISTS ( SELECT 1
FROM memberships m
WHERE ((m.organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) AND (m.user_id = sessions.user_id)))) check (EXISTS ( SELECT 1
FROM memberships m
WHERE ((m.organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) AND (m.user_id = sessions.user_id))))
policy stats_day engine PERMISSIVE ALL {adsapp_engine} true check true
policy stats_day organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy stats_hour engine PERMISSIVE ALL {adsapp_engine} true check true
policy stats_hour organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy stats_minute engine PERMISSIVE ALL {adsapp_engine} true check true
policy stats_minute organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy stats_spread engine PERMISSIVE ALL {adsapp_engine} true check true
policy stats_spread organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy suppression_counts engine PERMISSIVE ALL {adsapp_engine} true check true
policy suppression_counts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy suppressions engine PERMISSIVE ALL {adsapp_engine} true check true
policy suppressions organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy tags engine PERMISSIVE ALL {adsapp_engine} true check true
policy tags organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy template_changes engine PERMISSIVE ALL {adsapp_engine} true check true
policy template_changes organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy users door PERMISSIVE SELECT {adsapp_door} (((email)::text = NULLIF(current_setting('app.key'::text, true), ''::text)) OR (id = ( SELECT s.user_id
FROM sessions s
WHERE ((s.token_hash)::text = NULLIF(current_setting('app.key'::text, true), ''::text))))) check
policy users newcomer PERMISSIVE INSERT {adsapp_app} check true
policy users organization PERMISSIVE ALL {adsapp_app} (EXISTS ( SELECT 1
FROM memberships m
WHERE ((m.organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) AND (m.user_id = users.id)))) check (EXISTS ( SELECT 1
FROM memberships m
WHERE ((m.organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) AND (m.user_id = users.id))))
policy webhook_deliveries engine PERMISSIVE ALL {adsapp_engine} true check true
policy webhook_deliveries organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy whatsapp_accounts engine PERMISSIVE ALL {adsapp_engine} true check true
policy whatsapp_accounts organization PERMISSIVE ALL {adsapp_app} (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid) check (organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::uuid)
policy workers engine PERMISSIVE ALL {adsapp_engine} true check true
policy workers everybody PERMISSIVE ALL {adsapp_app,adsapp_door} true check true
grant delete, insert, select, update on alert_channels to adsapp_app
grant delete, insert, select, update on alert_deliveries to adsapp_app
grant delete, insert, select, update on alert_incidents to adsapp_app
grant delete, insert, select, update on alert_rules to adsapp_app
grant delete, insert, select, update on alert_seen to adsapp_app
grant delete, insert, select, update on alert_watches to adsapp_app
grant insert, select, update on alert_watches to adsapp_engine
grant delete, insert, select, update on api_tokens to adsapp_app
grant select on api_tokens to adsapp_door
grant delete, insert, select, update on audit_events to adsapp_app
grant delete, insert, select, update on campaign_counts to adsapp_app
grant delete, insert, select, update on campaign_events to adsapp_app
grant delete, insert, select, update on campaign_recipients to adsapp_app
grant delete, insert, select, update on campaigns to adsapp_app
grant delete, insert, select, update on consents to adsapp_app
grant delete, insert, select, update on contact_counts to adsapp_app
grant delete, insert, select, update on contact_imports to adsapp_app
grant delete, insert, select, update on contact_tags to adsapp_app
grant delete, insert, select, update on contacts to adsapp_app
grant delete, insert, select, update on digest_times to adsapp_app
grant delete, insert, select, update on email_accounts to adsapp_app
grant delete, insert, select, update on email_chunks to adsapp_app
grant delete, insert, select, update on email_counts to adsapp_app
grant delete, insert, select, update on email_events to adsapp_app
grant delete, insert, select, update on email_minutes to adsapp_app
grant delete, insert, select, update on email_recipients to adsapp_app
grant delete, insert, select, update on email_templates to adsapp_app
grant delete, insert, select, update on email_webhooks to adsapp_app
grant delete, insert, select, update on emails to adsapp_app
grant delete, insert, select, update on header_files to adsapp_app
grant delete, insert, select, update on import_rows to adsapp_app
grant delete, insert, select, update on import_sightings to adsapp_app
grant delete, insert, select, update on import_undos to adsapp_app
grant delete, insert, select, update on imports to adsapp_app
grant delete, insert, select, update on inbound_messages to adsapp_app
grant delete, insert, select, update on job_attempts to adsapp_app
grant delete, insert, select, update on job_attempts to adsapp_engine
grant delete, insert, select, update on job_counts to adsapp_app
grant delete, insert, select, update on job_counts to adsapp_engine
grant delete, insert, select, update on job_dependencies to adsapp_app
grant delete, insert, select, update on job_dependencies to adsapp_engine
grant delete, insert, select, update on job_events to adsapp_app
grant select on job_events to adsapp_engine
grant delete, insert, select, update on job_items to adsapp_app
grant delete, insert, select, update on job_items to adsapp_engine
grant delete, insert, select, update on job_logs to adsapp_app
grant delete, insert, select, update on job_logs to adsapp_engine
grant delete, insert, select, update on job_schedules to adsapp_app
grant select, update on job_schedules to adsapp_engine
grant delete, insert, select, update on jobs to adsapp_app
grant delete, insert, select, update on jobs to adsapp_engine
grant delete, insert, select, update on memberships to adsapp_app
grant select on memberships to adsapp_door
grant delete, insert, select, update on message_minutes to adsapp_app
grant delete, insert, select, update on message_templates to adsapp_app
grant delete, insert, select, update on notification_choices to adsapp_app
grant delete, insert, select, update on opt_events to adsapp_app
grant delete, insert, select, update on organizations to adsapp_app
grant select on organizations to adsapp_door
grant delete, insert, select, update on parked_email_events to adsapp_app
grant delete, insert, select, update on parked_statuses to adsapp_app
grant delete, insert, select, update on provider_notices to adsapp_app
grant delete, insert, select, update on queue_controls to adsapp_app
grant select on queue_controls to adsapp_engine
grant delete, insert, select, update on queue_limits to adsapp_app
grant select, update on queue_limits to adsapp_engine
grant delete, insert, select, update on rendering_rows to adsapp_app
grant delete, insert, select, update on renderings to adsapp_app
grant delete, insert, select, update on schedule_fires to adsapp_app
grant insert, select on schedule_fires to adsapp_engine
grant delete, insert, select, update on sessions to adsapp_app
grant select on sessions to adsapp_door
grant delete, insert, select, update on sign_in_failures to adsapp_app
grant delete, insert, select, update on sign_in_failures to adsapp_door
grant delete, insert, select, update on stats_day to adsapp_app
grant delete, insert, select, update on stats_day to adsapp_engine
grant delete, insert, select, update on stats_hour to adsapp_app
grant delete, insert, select, update on stats_hour to adsapp_engine
grant delete, insert, select, update on stats_minute to adsapp_app
grant delete, insert, select, update on stats_minute to adsapp_engine
grant delete, insert, select, update on stats_spread to adsapp_app
grant delete, insert, select, update on stats_spread to adsapp_engine
grant delete, insert, select, update on suppression_counts to adsapp_app
grant delete, insert, select, update on suppressions to adsapp_app
grant delete, insert, select, update on tags to adsapp_app
grant delete, insert, select, update on template_changes to adsapp_app
grant delete, insert, select, update on users to adsapp_app
grant select on users to adsapp_door
grant delete, insert, select, update on webhook_deliveries to adsapp_app
grant delete, insert, select, update on whatsapp_accounts to adsapp_app
grant select on workers to adsapp_app
grant select on workers to adsapp_door
grant delete, insert, select, update on workers to adsapp_engine
grant select (id, organization_id) on email_accounts to adsapp_engine
grant select (id, slug) on organizations to adsapp_engine
grant select (id, organization_id) on whatsapp_accounts to adsapp_engine
grant update (drain_requested_at, drain_requested_by) on workers to adsapp_app
grant update (drain_requested_at, drain_requested_by) on workers to adsapp_door
CREATE OR REPLACE FUNCTION public.analyze_table(wanted regclass)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path TO 'pg_catalog'
AS $function$ begin execute format('analyze %s', wanted); end $function$
CREATE OR REPLACE FUNCTION public.cleanup_old_job_logs(days integer)
RETURNS bigint
LANGUAGE plpgsql
AS $function$
declare
gone bigint;
begin
if days < 1 then
raise exception 'days should be 1 or more, not %', days;
end if;
delete from job_logs where finished_at < now() - make_interval(days => days);
get diagnostics gone = row_count;
return gone;
end $function$
CREATE OR REPLACE FUNCTION public.count_campaign_recipients_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count) select organization_id, campaign_id, round, status, error_code, sum(n) as n from (select organization_id, campaign_id, round, status, error_code, -1 as n from old_rows) c group by organization_id, campaign_id, round, status, error_code having sum(n) <> 0 order by organization_id, campaign_id, round, status, error_code on conflict (organization_id, campaign_id, round, status, error_code) do update set count = campaign_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_campaign_recipients_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count) select organization_id, campaign_id, round, status, error_code, sum(n) as n from (select organization_id, campaign_id, round, status, error_code, 1 as n from new_rows) c group by organization_id, campaign_id, round, status, error_code having sum(n) <> 0 order by organization_id, campaign_id, round, status, error_code on conflict (organization_id, campaign_id, round, status, error_code) do update set count = campaign_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_campaign_recipients_moments_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into message_minutes (organization_id, campaign_id, minute, accepted, delivered, failed, refused) select organization_id, campaign_id, minute, sum(accepted), sum(delivered), sum(failed), sum(refused) from (select n.organization_id, n.campaign_id, date_trunc('minute', n.accepted_at, 'UTC') as minute, 1 as accepted, 0 as delivered, 0 as failed, 0 as refused from new_rows n where n.accepted_at is not null union all select n.organization_id, n.campaign_id, date_trunc('minute', n.delivered_at, 'UTC') as minute, 0 as accepted, 1 as delivered, 0 as failed, 0 as refused from new_rows n where n.delivered_at is not null union all select n.organization_id, n.campaign_id, date_trunc('minute', n.failed_at, 'UTC') as minute, 0 as accepted, 0 as delivered, 1 as failed, 0 as refused from new_rows n where n.failed_at is not null union all select n.organization_id, n.campaign_id, date_trunc('minute', n.failed_at, 'UTC') as minute, 0 as accepted, 0 as delivered, 0 as failed, 1 as refused from new_rows n where n.failed_at is not null and n.accepted_at is null) c group by organization_id, campaign_id, minute order by organization_id, campaign_id, minute on conflict (organization_id, campaign_id, minute) do update set accepted = message_minutes.accepted + excluded.accepted, delivered = message_minutes.delivered + excluded.delivered, failed = message_minutes.failed + excluded.failed, refused = message_minutes.refused + excluded.refused; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_campaign_recipients_moments_update()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into message_minutes (organization_id, campaign_id, minute, accepted, delivered, failed, refused) select organization_id, campaign_id, minute, sum(accepted), sum(delivered), sum(failed), sum(refused) from (select n.organization_id, n.campaign_id, date_trunc('minute', n.accepted_at, 'UTC') as minute, 1 as accepted, 0 as delivered, 0 as failed, 0 as refused from new_rows n join old_rows o on o.id = n.id where n.accepted_at is not null and o.accepted_at is null union all select n.organization_id, n.campaign_id, date_trunc('minute', n.delivered_at, 'UTC') as minute, 0 as accepted, 1 as delivered, 0 as failed, 0 as refused from new_rows n join old_rows o on o.id = n.id where n.delivered_at is not null and o.delivered_at is null union all select n.organization_id, n.campaign_id, date_trunc('minute', n.failed_at, 'UTC') as minute, 0 as accepted, 0 as delivered, 1 as failed, 0 as refused from new_rows n join old_rows o on o.id = n.id where n.failed_at is not null and o.failed_at is null union all select n.organization_id, n.campaign_id, date_trunc('minute', n.failed_at, 'UTC') as minute, 0 as accepted, 0 as delivered, 0 as failed, 1 as refused from new_rows n join old_rows o on o.id = n.id where n.failed_at is not null and o.failed_at is null and n.accepted_at is null) c group by organization_id, campaign_id, minute order by organization_id, campaign_id, minute on conflict (organization_id, campaign_id, minute) do update set accepted = message_minutes.accepted + excluded.accepted, delivered = message_minutes.delivered + excluded.delivered, failed = message_minutes.failed + excluded.failed, refused = message_minutes.refused + excluded.refused; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_campaign_recipients_update()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count) select organization_id, campaign_id, round, status, error_code, sum(n) as n from (select organization_id, campaign_id, round, status, error_code, 1 as n from new_rows union all select organization_id, campaign_id, round, status, error_code, -1 from old_rows) c group by organization_id, campaign_id, round, status, error_code having sum(n) <> 0 order by organization_id, campaign_id, round, status, error_code on conflict (organization_id, campaign_id, round, status, error_code) do update set count = campaign_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_contacts_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into contact_counts (organization_id, count) select organization_id, sum(n) as n from (select organization_id, -1 as n from old_rows) c group by organization_id having sum(n) <> 0 order by organization_id on conflict (organization_id) do update set count = contact_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_contacts_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into contact_counts (organization_id, count) select organization_id, sum(n) as n from (select organization_id, 1 as n from new_rows) c group by organization_id having sum(n) <> 0 order by organization_id on conflict (organization_id) do update set count = contact_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_contacts_update()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into contact_counts (organization_id, count) select organization_id, sum(n) as n from (select organization_id, 1 as n from new_rows union all select organization_id, -1 from old_rows) c group by organization_id having sum(n) <> 0 order by organization_id on conflict (organization_id) do update set count = contact_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_email_recipients_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into email_counts (organization_id, email_id, status, error_code, count) select organization_id, email_id, status, error_code, sum(n) as n from (select organization_id, email_id, status, error_code, -1 as n from old_rows) c group by organization_id, email_id, status, error_code having sum(n) <> 0 order by organization_id, email_id, status, error_code on conflict (organization_id, email_id, status, error_code) do update set count = email_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_email_recipients_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into email_counts (organization_id, email_id, status, error_code, count) select organization_id, email_id, status, error_code, sum(n) as n from (select organization_id, email_id, status, error_code, 1 as n from new_rows) c group by organization_id, email_id, status, error_code having sum(n) <> 0 order by organization_id, email_id, status, error_code on conflict (organization_id, email_id, status, error_code) do update set count = email_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_email_recipients_moments_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into email_minutes (organization_id, email_id, minute, accepted, delivered, bounced) select organization_id, email_id, minute, sum(accepted), sum(delivered), sum(bounced) from (select n.organization_id, n.email_id, date_trunc('minute', n.accepted_at, 'UTC') as minute, 1 as accepted, 0 as delivered, 0 as bounced from new_rows n where n.accepted_at is not null union all select n.organization_id, n.email_id, date_trunc('minute', n.delivered_at, 'UTC') as minute, 0 as accepted, 1 as delivered, 0 as bounced from new_rows n where n.delivered_at is not null union all select n.organization_id, n.email_id, date_trunc('minute', n.bounced_at, 'UTC') as minute, 0 as accepted, 0 as delivered, 1 as bounced from new_rows n where n.bounced_at is not null) c group by organization_id, email_id, minute order by organization_id, email_id, minute on conflict (organization_id, email_id, minute) do update set accepted = email_minutes.accepted + excluded.accepted, delivered = email_minutes.delivered + excluded.delivered, bounced = email_minutes.bounced + excluded.bounced; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_email_recipients_moments_update()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into email_minutes (organization_id, email_id, minute, accepted, delivered, bounced) select organization_id, email_id, minute, sum(accepted), sum(delivered), sum(bounced) from (select n.organization_id, n.email_id, date_trunc('minute', n.accepted_at, 'UTC') as minute, 1 as accepted, 0 as delivered, 0 as bounced from new_rows n join old_rows o on o.id = n.id where n.accepted_at is not null and o.accepted_at is null union all select n.organization_id, n.email_id, date_trunc('minute', n.delivered_at, 'UTC') as minute, 0 as accepted, 1 as delivered, 0 as bounced from new_rows n join old_rows o on o.id = n.id where n.delivered_at is not null and o.delivered_at is null union all select n.organization_id, n.email_id, date_trunc('minute', n.bounced_at, 'UTC') as minute, 0 as accepted, 0 as delivered, 1 as bounced from new_rows n join old_rows o on o.id = n.id where n.bounced_at is not null and o.bounced_at is null) c group by organization_id, email_id, minute order by organization_id, email_id, minute on conflict (organization_id, email_id, minute) do update set accepted = email_minutes.accepted + excluded.accepted, delivered = email_minutes.delivered + excluded.delivered, bounced = email_minutes.bounced + excluded.bounced; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_email_recipients_update()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into email_counts (organization_id, email_id, status, error_code, count) select organization_id, email_id, status, error_code, sum(n) as n from (select organization_id, email_id, status, error_code, 1 as n from new_rows union all select organization_id, email_id, status, error_code, -1 from old_rows) c group by organization_id, email_id, status, error_code having sum(n) <> 0 order by organization_id, email_id, status, error_code on conflict (organization_id, email_id, status, error_code) do update set count = email_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_jobs_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ declare c record; begin for c in select organization_id, queue, processor, state, routine, sum(n) as n from (select organization_id, queue, processor, state, routine, -1 as n from old_rows) c group by organization_id, queue, processor, state, routine having sum(n) <> 0 order by organization_id, queue, processor, state, routine loop update job_counts t set count = t.count + c.n where t.organization_id = c.organization_id and t.queue = c.queue and t.processor = c.processor and t.state = c.state and t.routine = c.routine and t.slot = (select t.slot from job_counts t where t.organization_id = c.organization_id and t.queue = c.queue and t.processor = c.processor and t.state = c.state and t.routine = c.routine limit 1 for update skip locked); if not found then insert into job_counts (organization_id, queue, processor, state, routine, slot, count) values (c.organization_id, c.queue, c.processor, c.state, c.routine, floor(random() * 2147483647)::integer, c.n) on conflict (organization_id, queue, processor, state, routine, slot) do update set count = job_counts.count + excluded.count; end if; end loop; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_jobs_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ declare c record; begin for c in select organization_id, queue, processor, state, routine, sum(n) as n from (select organization_id, queue, processor, state, routine, 1 as n from new_rows) c group by organization_id, queue, processor, state, routine having sum(n) <> 0 order by organization_id, queue, processor, state, routine loop update job_counts t set count = t.count + c.n where t.organization_id = c.organization_id and t.queue = c.queue and t.processor = c.processor and t.state = c.state and t.routine = c.routine and t.slot = (select t.slot from job_counts t where t.organization_id = c.organization_id and t.queue = c.queue and t.processor = c.processor and t.state = c.state and t.routine = c.routine limit 1 for update skip locked); if not found then insert into job_counts (organization_id, queue, processor, state, routine, slot, count) values (c.organization_id, c.queue, c.processor, c.state, c.routine, floor(random() * 2147483647)::integer, c.n) on conflict (organization_id, queue, processor, state, routine, slot) do update set count = job_counts.count + excluded.count; end if; end loop; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_jobs_update()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ declare c record; begin for c in select organization_id, queue, processor, state, routine, sum(n) as n from (select organization_id, queue, processor, state, routine, 1 as n from new_rows union all select organization_id, queue, processor, state, routine, -1 from old_rows) c group by organization_id, queue, processor, state, routine having sum(n) <> 0 order by organization_id, queue, processor, state, routine loop update job_counts t set count = t.count + c.n where t.organization_id = c.organization_id and t.queue = c.queue and t.processor = c.processor and t.state = c.state and t.routine = c.routine and t.slot = (select t.slot from job_counts t where t.organization_id = c.organization_id and t.queue = c.queue and t.processor = c.processor and t.state = c.state and t.routine = c.routine limit 1 for update skip locked); if not found then insert into job_counts (organization_id, queue, processor, state, routine, slot, count) values (c.organization_id, c.queue, c.processor, c.state, c.routine, floor(random() * 2147483647)::integer, c.n) on conflict (organization_id, queue, processor, state, routine, slot) do update set count = job_counts.count + excluded.count; end if; end loop; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_suppressions_delete()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into suppression_counts (organization_id, reason, count) select organization_id, reason, sum(n) as n from (select organization_id, reason, -1 as n from old_rows) c group by organization_id, reason having sum(n) <> 0 order by organization_id, reason on conflict (organization_id, reason) do update set count = suppression_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_suppressions_insert()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into suppression_counts (organization_id, reason, count) select organization_id, reason, sum(n) as n from (select organization_id, reason, 1 as n from new_rows) c group by organization_id, reason having sum(n) <> 0 order by organization_id, reason on conflict (organization_id, reason) do update set count = suppression_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.count_suppressions_update()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin insert into suppression_counts (organization_id, reason, count) select organization_id, reason, sum(n) as n from (select organization_id, reason, 1 as n from new_rows union all select organization_id, reason, -1 from old_rows) c group by organization_id, reason having sum(n) <> 0 order by organization_id, reason on conflict (organization_id, reason) do update set count = suppression_counts.count + excluded.count; return null; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_contact_id_gone()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$ begin delete from contact_imports n using old_rows p where n.organization_id = p.organization_id and n.contact_id = p.id; return null; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_contact_id_named()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_imports would change in contacts', constraint = 'fk_contact_imports_organization_id_contact_id', table = 'contact_imports'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_contact_id_pointed()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_imports would change in contact_imports', constraint = 'fk_contact_imports_organization_id_contact_id', table = 'contact_imports'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_contact_id_there()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$
declare
wanted bigint;
held bigint;
begin
select count(*) into wanted from (select distinct organization_id, contact_id from new_rows) n;
select count(*) into held from (
select from (select distinct organization_id, contact_id from new_rows) n join contacts p on n.organization_id = p.organization_id and n.contact_id = p.id for key share of p
) h;
if held < wanted then
raise foreign_key_violation using message = 'a row of contact_imports names a row of contacts that is not there', constraint = 'fk_contact_imports_organization_id_contact_id', table = 'contact_imports';
end if;
return null;
end
$function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_import_id_gone()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$ begin delete from contact_imports n using old_rows p where n.organization_id = p.organization_id and n.import_id = p.id; return null; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_import_id_named()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_imports would change in imports', constraint = 'fk_contact_imports_organization_id_import_id', table = 'contact_imports'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_import_id_pointed()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_imports would change in contact_imports', constraint = 'fk_contact_imports_organization_id_import_id', table = 'contact_imports'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_imports_organization_id_import_id_there()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$
declare
wanted bigint;
held bigint;
begin
select count(*) into wanted from (select distinct organization_id, import_id from new_rows) n;
select count(*) into held from (
select from (select distinct organization_id, import_id from new_rows) n join imports p on n.organization_id = p.organization_id and n.import_id = p.id for key share of p
) h;
if held < wanted then
raise foreign_key_violation using message = 'a row of contact_imports names a row of imports that is not there', constraint = 'fk_contact_imports_organization_id_import_id', table = 'contact_imports';
end if;
return null;
end
$function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_contact_id_gone()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$ begin delete from contact_tags n using old_rows p where n.organization_id = p.organization_id and n.contact_id = p.id; return null; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_contact_id_named()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_tags would change in contacts', constraint = 'fk_contact_tags_organization_id_contact_id', table = 'contact_tags'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_contact_id_pointed()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_tags would change in contact_tags', constraint = 'fk_contact_tags_organization_id_contact_id', table = 'contact_tags'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_contact_id_there()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$
declare
wanted bigint;
held bigint;
begin
select count(*) into wanted from (select distinct organization_id, contact_id from new_rows) n;
select count(*) into held from (
select from (select distinct organization_id, contact_id from new_rows) n join contacts p on n.organization_id = p.organization_id and n.contact_id = p.id for key share of p
) h;
if held < wanted then
raise foreign_key_violation using message = 'a row of contact_tags names a row of contacts that is not there', constraint = 'fk_contact_tags_organization_id_contact_id', table = 'contact_tags';
end if;
return null;
end
$function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_tag_id_gone()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$ begin delete from contact_tags n using old_rows p where n.organization_id = p.organization_id and n.tag_id = p.id; return null; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_tag_id_named()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_tags would change in tags', constraint = 'fk_contact_tags_organization_id_tag_id', table = 'contact_tags'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_tag_id_pointed()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contact_tags would change in contact_tags', constraint = 'fk_contact_tags_organization_id_tag_id', table = 'contact_tags'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contact_tags_organization_id_tag_id_there()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$
declare
wanted bigint;
held bigint;
begin
select count(*) into wanted from (select distinct organization_id, tag_id from new_rows) n;
select count(*) into held from (
select from (select distinct organization_id, tag_id from new_rows) n join tags p on n.organization_id = p.organization_id and n.tag_id = p.id for key share of p
) h;
if held < wanted then
raise foreign_key_violation using message = 'a row of contact_tags names a row of tags that is not there', constraint = 'fk_contact_tags_organization_id_tag_id', table = 'contact_tags';
end if;
return null;
end
$function$
CREATE OR REPLACE FUNCTION public.fk_contacts_organization_id_gone()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$ begin if exists (select from contacts n, old_rows p where n.organization_id = p.id) then raise foreign_key_violation using message = 'a row of contacts still names a row of organizations', constraint = 'fk_contacts_organization_id', table = 'contacts'; end if; return null; end $function$
CREATE OR REPLACE FUNCTION public.fk_contacts_organization_id_named()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contacts would change in organizations', constraint = 'fk_contacts_organization_id', table = 'contacts'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contacts_organization_id_pointed()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of contacts would change in contacts', constraint = 'fk_contacts_organization_id', table = 'contacts'; end $function$
CREATE OR REPLACE FUNCTION public.fk_contacts_organization_id_there()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$
declare
wanted bigint;
held bigint;
begin
select count(*) into wanted from (select distinct organization_id from new_rows) n;
select count(*) into held from (
select from (select distinct organization_id from new_rows) n join organizations p on n.organization_id = p.id for key share of p
) h;
if held < wanted then
raise foreign_key_violation using message = 'a row of contacts names a row of organizations that is not there', constraint = 'fk_contacts_organization_id', table = 'contacts';
end if;
return null;
end
$function$
CREATE OR REPLACE FUNCTION public.fk_import_rows_organization_id_import_id_gone()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$ begin delete from import_rows n using old_rows p where n.organization_id = p.organization_id and n.import_id = p.id; return null; end $function$
CREATE OR REPLACE FUNCTION public.fk_import_rows_organization_id_import_id_named()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of import_rows would change in imports', constraint = 'fk_import_rows_organization_id_import_id', table = 'import_rows'; end $function$
CREATE OR REPLACE FUNCTION public.fk_import_rows_organization_id_import_id_pointed()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise foreign_key_violation using message = 'a row of import_rows would change in import_rows', constraint = 'fk_import_rows_organization_id_import_id', table = 'import_rows'; end $function$
CREATE OR REPLACE FUNCTION public.fk_import_rows_organization_id_import_id_there()
RETURNS trigger
LANGUAGE plpgsql
SET enable_seqscan TO 'off'
SET enable_hashjoin TO 'off'
SET enable_mergejoin TO 'off'
AS $function$
declare
wanted bigint;
held bigint;
begin
select count(*) into wanted from (select distinct organization_id, import_id from new_rows) n;
select count(*) into held from (
select from (select distinct organization_id, import_id from new_rows) n join imports p on n.organization_id = p.organization_id and n.import_id = p.id for key share of p
) h;
if held < wanted then
raise foreign_key_violation using message = 'a row of import_rows names a row of imports that is not there', constraint = 'fk_import_rows_organization_id_import_id', table = 'import_rows';
end if;
return null;
end
$function$
CREATE OR REPLACE FUNCTION public.freeze_audit_events()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise exception 'rows of audit_events are never changed'; end $function$
CREATE OR REPLACE FUNCTION public.freeze_job_logs()
RETURNS trigger
LANGUAGE plpgsql
AS $function$ begin raise exception 'rows of job_logs are never changed'; end $function$
CREATE OR REPLACE FUNCTION public.get_organization_job_stats(organization uuid, days integer)
RETURNS TABLE(queue text, waiting bigint, active bigint, delayed bigint, completed bigint, failed bigint, cancelled bigint, average_wait_ms bigint, average_run_ms bigint)
LANGUAGE sql
STABLE
AS $function$
with now_there as (
select c.queue, c.state, sum(c.count)::bigint as n
from job_counts c where c.organization_id = organization group by c.queue, c.state
), ended as (
select d.queue, sum(d.completed)::bigint as completed, sum(d.failed)::bigint as failed,
sum(d.cancelled)::bigint as cancelled, sum(d.wait_ms)::bigint as wait_ms, sum(d.run_ms)::bigint as run_ms
from stats_day d
where d.organization_id = organization
and d.day >= date_trunc('day', now(), 'UTC') - make_interval(days => greatest(days, 1) - 1)
group by d.queue
), queues (queue) as (
values ('bulk-messages'), ('contact-import'), ('template-processing'), ('email-notification')
)
select q.queue,
coalesce((select n from now_there t where t.queue = q.queue and t.state = 'waiting'), 0),
coalesce((select n from now_there t where t.queue = q.queue and t.state = 'active'), 0),
coalesce((select n from now_there t where t.queue = q.queue and t.state = 'delayed'), 0),
coalesce(e.completed, 0), coalesce(e.failed, 0), coalesce(e.cancelled, 0),
coalesce(e.wait_ms / nullif(e.completed + e.failed + e.cancelled, 0), 0),
coalesce(e.run_ms / nullif(e.completed + e.failed + e.cancelled, 0), 0)
from queues q left join ended e on e.queue = q.queue
order by q.queue
$function$
CREATE OR REPLACE FUNCTION public.keep_months_of_job_logs(now timestamp with time zone, before timestamp with time zone)
RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path TO 'public', 'pg_temp'
SET lock_timeout TO '300ms'
AS $function$
declare
part text;
dropped integer := 0;
begin
if not pg_try_advisory_xact_lock(hashtext('months of job_logs')) then
return 0;
end if;
for ahead in 0..2 loop
perform make_month_of_job_logs(now + make_interval(months => ahead));
end loop;
for part in
select name from (
select c.relname as name,
to_date(substring(c.relname from '(\d\d\d\d_\d\d)$'), 'YYYY_MM')::timestamp
+ case when c.relname like '%\_until\_%' then interval '0' else interval '1 month' end as ended
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'job_logs'::regclass and c.relname ~ '\d\d\d\d_\d\d$'
) parts where ended at time zone 'UTC' <= before order by name
loop
execute format('drop table %I', part);
dropped := dropped + 1;
end loop;
return dropped;
end
$function$
CREATE OR REPLACE FUNCTION public.make_month_of_job_logs(moment timestamp with time zone)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path TO 'public', 'pg_temp'
SET lock_timeout TO '300ms'
AS $function$
declare
month timestamp := date_trunc('month', moment at time zone 'UTC');
since timestamptz := month at time zone 'UTC';
upto timestamptz := (month + interval '1 month') at time zone 'UTC';
part text := 'job_logs_' || to_char(month, 'YYYY_MM');
begin
if to_regclass(part) is not null or exists (
select from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'job_logs'::regclass
and substring(c.relname from '_until_(\d\d\d\d_\d\d)$') > to_char(month, 'YYYY_MM')
) then
return false;
end if;
alter table job_logs_rest no force row level security;
create temporary table too_early on commit drop as
select * from job_logs_rest where finished_at >= since and finished_at < upto;
delete from job_logs_rest where finished_at >= since and finished_at < upto;
alter table job_logs_rest force row level security;
execute format('create table %I partition of job_logs for values from (%L) to (%L)', part, since, upto);
execute format('alter table %I add constraint %I primary key (id)', part, 'pk_' || part);
execute format('insert into %I select * from too_early', part);
drop table too_early;
execute format('alter table %I enable row level security', part);
execute format('alter table %I force row level security', part);
return true;
end
$function$
CREATE OR REPLACE FUNCTION public.search_key(words text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (octet_length(words) = length(words)) THEN translate(lower(words), '''`-'::text, ''::text) ELSE translate(replace(replace(replace(replace(lower(NORMALIZE(words, NFKD)), 'ß'::text, 'ss'::text), 'æ'::text, 'ae'::text), 'œ'::text, 'oe'::text), 'þ'::text, 'th'::text), 'łøđðħŧıς̴̵̶̷̸̡̢̧̨̛̖̗̘̙̜̝̞̟̠̣̤̥̦̩̪̫̬̭̮̯̰̱̲̳̹̺̻̼͇͈͉͍͎̀́̂̃̄̅̆̇̈̉̊̋̌̍̎̏̐̑̒̓̔̽̾̿̀́͂̓̈́͆͊͋͌̕̚ͅ͏͓͔͕͖͙͚͐͑͒͗͛ͣͤͥͦͧͨͩͪͫͬͭͮͯ͘͜͟͢͝͞͠͡''`-‘’ʼ‐–'::text, 'loddhtiσ'::text) END
