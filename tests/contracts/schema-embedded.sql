CREATE TABLE alembic_version (
version_num VARCHAR(32) NOT NULL,
CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
CREATE TABLE alert_channels (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
kind VARCHAR(40) NOT NULL,
name VARCHAR(200) NOT NULL,
host TEXT NOT NULL,
address BLOB NOT NULL,
secret BLOB,
is_on BOOLEAN NOT NULL,
created_at DATETIME NOT NULL,
created_by VARCHAR(200) NOT NULL,
CONSTRAINT pk_alert_channels PRIMARY KEY (id),
CONSTRAINT fk_alert_channels_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_alert_channels_organization_id_id UNIQUE (organization_id, id),
CONSTRAINT uq_alert_channels_organization_id_name UNIQUE (organization_id, name)
)
CREATE TABLE alert_deliveries (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
incident_id CHAR(32),
kind VARCHAR(40) NOT NULL,
what VARCHAR(40) NOT NULL,
channel VARCHAR(40) NOT NULL,
channel_name VARCHAR(200) NOT NULL,
user_id CHAR(32),
body JSON NOT NULL,
state VARCHAR(40) NOT NULL,
attempts INTEGER NOT NULL,
code VARCHAR(200) NOT NULL,
answer TEXT NOT NULL,
replay_of CHAR(32),
created_at DATETIME NOT NULL,
next_at DATETIME,
ended_at DATETIME,
CONSTRAINT pk_alert_deliveries PRIMARY KEY (id),
CONSTRAINT fk_alert_deliveries_organization_id_incident_id FOREIGN KEY(organization_id, incident_id) REFERENCES alert_incidents (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_alert_deliveries_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_alert_deliveries_channel ON alert_deliveries (organization_id, channel, id)
CREATE INDEX ix_alert_deliveries_incident ON alert_deliveries (organization_id, incident_id, id)
CREATE INDEX ix_alert_deliveries_list ON alert_deliveries (organization_id, id)
CREATE TABLE alert_incidents (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
kind VARCHAR(40) NOT NULL,
severity VARCHAR(40) NOT NULL,
title TEXT NOT NULL,
text TEXT NOT NULL,
action VARCHAR(200) NOT NULL,
url TEXT NOT NULL,
things JSON NOT NULL,
keys JSON NOT NULL,
count INTEGER NOT NULL,
peak INTEGER NOT NULL,
times SMALLINT NOT NULL,
since DATETIME NOT NULL,
seen_at DATETIME NOT NULL,
opened_at DATETIME,
last_at DATETIME NOT NULL,
resolved_at DATETIME,
resolved_because TEXT NOT NULL,
told VARCHAR(40),
told_at DATETIME,
told_count INTEGER NOT NULL,
told_keys JSON NOT NULL,
acknowledged_at DATETIME,
acknowledged_by VARCHAR(200) NOT NULL,
note TEXT NOT NULL,
snoozed_until DATETIME,
snoozed_by VARCHAR(200) NOT NULL,
CONSTRAINT pk_alert_incidents PRIMARY KEY (id),
CONSTRAINT fk_alert_incidents_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_alert_incidents_organization_id_id UNIQUE (organization_id, id)
)
CREATE INDEX ix_alert_incidents_kind ON alert_incidents (organization_id, kind, id)
CREATE INDEX ix_alert_incidents_list ON alert_incidents (organization_id, id)
CREATE UNIQUE INDEX uq_alert_incidents_open ON alert_incidents (organization_id, kind) WHERE resolved_at is null
CREATE TABLE alert_rules (
organization_id CHAR(32) NOT NULL,
kind VARCHAR(40) NOT NULL,
is_on BOOLEAN NOT NULL,
threshold DOUBLE NOT NULL,
clears_at DOUBLE NOT NULL,
window_minutes INTEGER NOT NULL,
for_minutes INTEGER NOT NULL,
cool_down_minutes INTEGER NOT NULL,
severity VARCHAR(40) NOT NULL,
channels JSON,
quiet_from VARCHAR(5) NOT NULL,
quiet_until VARCHAR(5) NOT NULL,
quiet_zone VARCHAR(60) NOT NULL,
changed_at DATETIME NOT NULL,
changed_by VARCHAR(200) NOT NULL,
CONSTRAINT pk_alert_rules PRIMARY KEY (organization_id, kind)
)
CREATE TABLE alert_seen (
organization_id CHAR(32) NOT NULL,
user_id CHAR(32) NOT NULL,
seen_at DATETIME NOT NULL,
CONSTRAINT pk_alert_seen PRIMARY KEY (organization_id, user_id),
CONSTRAINT fk_alert_seen_organization_id_user_id FOREIGN KEY(organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
)
CREATE TABLE alert_watches (
organization_id CHAR(32) NOT NULL,
watched_at DATETIME NOT NULL,
CONSTRAINT pk_alert_watches PRIMARY KEY (organization_id)
)
CREATE TABLE api_tokens (
id CHAR(32) NOT NULL,
organization_id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
prefix VARCHAR(16) NOT NULL,
token_hash VARCHAR(64) NOT NULL,
role VARCHAR(40) NOT NULL,
created_at DATETIME NOT NULL,
last_used_at DATETIME,
expires_at DATETIME,
CONSTRAINT pk_api_tokens PRIMARY KEY (id),
CONSTRAINT fk_api_tokens_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_api_tokens_token_hash UNIQUE (token_hash)
)
CREATE INDEX ix_api_tokens_organization_id ON api_tokens (organization_id)
CREATE TABLE audit_events (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
at DATETIME NOT NULL,
actor VARCHAR(200) NOT NULL,
action VARCHAR(200) NOT NULL,
subject VARCHAR(200) NOT NULL,
details JSON NOT NULL, kind VARCHAR(20) DEFAULT '' NOT NULL, title VARCHAR(200) DEFAULT '' NOT NULL, reason TEXT DEFAULT '' NOT NULL, address VARCHAR(45) DEFAULT '' NOT NULL,
CONSTRAINT pk_audit_events PRIMARY KEY (id),
CONSTRAINT fk_audit_events_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_audit_events_organization_id_id UNIQUE (organization_id, id)
)
CREATE TRIGGER freeze_audit_events before update on audit_events begin select raise(abort, 'rows of audit_events are never changed'); end
CREATE INDEX ix_audit_events_at ON audit_events (organization_id, at, id)
CREATE INDEX ix_audit_events_kind ON audit_events (organization_id, kind, at, id)
CREATE TABLE "campaign_counts" (
organization_id CHAR(32) NOT NULL,
campaign_id CHAR(32) NOT NULL,
status VARCHAR(40) NOT NULL,
error_code VARCHAR(40) NOT NULL,
count INTEGER NOT NULL,
round SMALLINT DEFAULT '1' NOT NULL,
CONSTRAINT pk_campaign_counts PRIMARY KEY (organization_id, campaign_id, round, status, error_code)
)
CREATE TABLE campaign_events (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
campaign_id CHAR(32) NOT NULL,
at DATETIME NOT NULL,
text TEXT NOT NULL,
"by" VARCHAR(200) NOT NULL,
CONSTRAINT pk_campaign_events PRIMARY KEY (id),
CONSTRAINT fk_campaign_events_organization_id_campaign_id FOREIGN KEY(organization_id, campaign_id) REFERENCES campaigns (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_campaign_events_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_campaign_events_campaign ON campaign_events (organization_id, campaign_id, id)
CREATE TABLE campaign_recipients (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
campaign_id CHAR(32) NOT NULL,
contact_id CHAR(32) NOT NULL,
phone VARCHAR(20) NOT NULL,
person_key VARCHAR(20) NOT NULL,
name VARCHAR(200) NOT NULL,
variables JSON NOT NULL,
status VARCHAR(40) NOT NULL,
error_code VARCHAR(40) NOT NULL,
error_message TEXT,
attempts SMALLINT NOT NULL,
not_before DATETIME,
lease_id CHAR(32),
wamid VARCHAR(200),
created_at DATETIME NOT NULL,
sending_at DATETIME,
accepted_at DATETIME,
sent_at DATETIME,
delivered_at DATETIME,
read_at DATETIME,
failed_at DATETIME,
replied_at DATETIME,
updated_at DATETIME NOT NULL, wa_user_id VARCHAR(140), price_category VARCHAR(40), price_type VARCHAR(40), price_model VARCHAR(20), billable BOOLEAN, round SMALLINT DEFAULT '1' NOT NULL,
CONSTRAINT pk_campaign_recipients PRIMARY KEY (id),
CONSTRAINT fk_campaign_recipients_organization_id_campaign_id FOREIGN KEY(organization_id, campaign_id) REFERENCES campaigns (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_campaign_recipients_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_campaign_recipients_organization_id_campaign_id_person_key UNIQUE (organization_id, campaign_id, person_key)
)
CREATE TRIGGER count_campaign_recipients_accepted_insert after insert on campaign_recipients for each row when new.accepted_at is not null begin insert into message_minutes (organization_id, campaign_id, minute, accepted) values (new.organization_id, new.campaign_id, substr(new.accepted_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set accepted = accepted + 1; end
CREATE TRIGGER count_campaign_recipients_accepted_update after update of accepted_at on campaign_recipients for each row when new.accepted_at is not null and old.accepted_at is null begin insert into message_minutes (organization_id, campaign_id, minute, accepted) values (new.organization_id, new.campaign_id, substr(new.accepted_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set accepted = accepted + 1; end
CREATE TRIGGER count_campaign_recipients_delete after delete on campaign_recipients for each row  begin insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count) values (old.organization_id, old.campaign_id, old.round, old.status, old.error_code, -1) on conflict (organization_id, campaign_id, round, status, error_code) do update set count = count + (-1); end
CREATE TRIGGER count_campaign_recipients_delivered_insert after insert on campaign_recipients for each row when new.delivered_at is not null begin insert into message_minutes (organization_id, campaign_id, minute, delivered) values (new.organization_id, new.campaign_id, substr(new.delivered_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set delivered = delivered + 1; end
CREATE TRIGGER count_campaign_recipients_delivered_update after update of delivered_at on campaign_recipients for each row when new.delivered_at is not null and old.delivered_at is null begin insert into message_minutes (organization_id, campaign_id, minute, delivered) values (new.organization_id, new.campaign_id, substr(new.delivered_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set delivered = delivered + 1; end
CREATE TRIGGER count_campaign_recipients_failed_insert after insert on campaign_recipients for each row when new.failed_at is not null begin insert into message_minutes (organization_id, campaign_id, minute, failed) values (new.organization_id, new.campaign_id, substr(new.failed_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set failed = failed + 1; end
CREATE TRIGGER count_campaign_recipients_failed_update after update of failed_at on campaign_recipients for each row when new.failed_at is not null and old.failed_at is null begin insert into message_minutes (organization_id, campaign_id, minute, failed) values (new.organization_id, new.campaign_id, substr(new.failed_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set failed = failed + 1; end
CREATE TRIGGER count_campaign_recipients_insert after insert on campaign_recipients for each row  begin insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count) values (new.organization_id, new.campaign_id, new.round, new.status, new.error_code, 1) on conflict (organization_id, campaign_id, round, status, error_code) do update set count = count + (1); end
CREATE TRIGGER count_campaign_recipients_refused_insert after insert on campaign_recipients for each row when new.failed_at is not null and new.accepted_at is null begin insert into message_minutes (organization_id, campaign_id, minute, refused) values (new.organization_id, new.campaign_id, substr(new.failed_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set refused = refused + 1; end
CREATE TRIGGER count_campaign_recipients_refused_update after update of failed_at on campaign_recipients for each row when new.failed_at is not null and old.failed_at is null and new.accepted_at is null begin insert into message_minutes (organization_id, campaign_id, minute, refused) values (new.organization_id, new.campaign_id, substr(new.failed_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, campaign_id, minute) do update set refused = refused + 1; end
CREATE TRIGGER count_campaign_recipients_update after update of organization_id, campaign_id, round, status, error_code on campaign_recipients for each row when old.organization_id is not new.organization_id or old.campaign_id is not new.campaign_id or old.round is not new.round or old.status is not new.status or old.error_code is not new.error_code begin insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count) values (old.organization_id, old.campaign_id, old.round, old.status, old.error_code, -1) on conflict (organization_id, campaign_id, round, status, error_code) do update set count = count + (-1); insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count) values (new.organization_id, new.campaign_id, new.round, new.status, new.error_code, 1) on conflict (organization_id, campaign_id, round, status, error_code) do update set count = count + (1); end
CREATE INDEX ix_campaign_recipients_contact ON campaign_recipients (organization_id, contact_id, id)
CREATE INDEX ix_campaign_recipients_due ON campaign_recipients (organization_id, campaign_id, not_before, id) WHERE status = 'pending'
CREATE INDEX ix_campaign_recipients_failed_later ON campaign_recipients (organization_id, campaign_id) WHERE status = 'failed' and accepted_at is not null
CREATE INDEX ix_campaign_recipients_list ON campaign_recipients (organization_id, campaign_id, id)
CREATE INDEX ix_campaign_recipients_round ON campaign_recipients (organization_id, campaign_id, round, id) WHERE round > 1
CREATE INDEX ix_campaign_recipients_status ON campaign_recipients (organization_id, campaign_id, status, id)
CREATE INDEX ix_campaign_recipients_wamid ON campaign_recipients (organization_id, wamid)
CREATE TABLE campaigns (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
account_id CHAR(32) NOT NULL,
job_id CHAR(32),
status VARCHAR(40) NOT NULL,
status_reason TEXT,
template_name VARCHAR(512) NOT NULL,
template_language VARCHAR(20) NOT NULL,
parameter_format VARCHAR(20) NOT NULL,
components JSON NOT NULL,
text TEXT,
variables JSON NOT NULL,
audience JSON NOT NULL,
priority SMALLINT NOT NULL,
audience_size INTEGER,
frozen_at DATETIME,
scheduled_at DATETIME,
time_zone VARCHAR(60) NOT NULL,
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
started_at DATETIME,
finished_at DATETIME,
replied_count INTEGER NOT NULL,
opted_out_count INTEGER NOT NULL, template_category VARCHAR(20) DEFAULT '' NOT NULL, watched_from JSON, round SMALLINT DEFAULT '1' NOT NULL, created_by_id CHAR(32),
CONSTRAINT pk_campaigns PRIMARY KEY (id),
CONSTRAINT fk_campaigns_organization_id_account_id FOREIGN KEY(organization_id, account_id) REFERENCES whatsapp_accounts (organization_id, id),
CONSTRAINT fk_campaigns_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_campaigns_organization_id_id UNIQUE (organization_id, id)
)
CREATE INDEX ix_campaigns_by_status ON campaigns (organization_id, status, id)
CREATE INDEX ix_campaigns_list ON campaigns (organization_id, id)
CREATE TABLE consents (
organization_id CHAR(32) NOT NULL,
person_key VARCHAR(20) NOT NULL,
opted_out_at DATETIME,
source VARCHAR(40) NOT NULL,
detail TEXT NOT NULL,
"by" VARCHAR(200) NOT NULL,
updated_at DATETIME NOT NULL,
CONSTRAINT pk_consents PRIMARY KEY (organization_id, person_key),
CONSTRAINT fk_consents_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE TABLE contact_counts (
organization_id CHAR(32) NOT NULL,
count INTEGER NOT NULL,
CONSTRAINT pk_contact_counts PRIMARY KEY (organization_id)
)
CREATE TABLE contact_imports (
organization_id CHAR(32) NOT NULL,
import_id CHAR(32) NOT NULL,
contact_id CHAR(32) NOT NULL,
outcome VARCHAR(20) NOT NULL, at DATETIME, undo JSON, kept VARCHAR(20),
CONSTRAINT pk_contact_imports PRIMARY KEY (import_id, contact_id),
CONSTRAINT fk_contact_imports_organization_id_contact_id FOREIGN KEY(organization_id, contact_id) REFERENCES contacts (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_contact_imports_organization_id_import_id FOREIGN KEY(organization_id, import_id) REFERENCES imports (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_contact_imports_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_contact_imports_contact ON contact_imports (organization_id, contact_id)
CREATE TABLE contact_tags (
organization_id CHAR(32) NOT NULL,
tag_id CHAR(32) NOT NULL,
contact_id CHAR(32) NOT NULL,
CONSTRAINT pk_contact_tags PRIMARY KEY (tag_id, contact_id),
CONSTRAINT fk_contact_tags_organization_id_contact_id FOREIGN KEY(organization_id, contact_id) REFERENCES contacts (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_contact_tags_organization_id_tag_id FOREIGN KEY(organization_id, tag_id) REFERENCES tags (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_contact_tags_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_contact_tags_contact ON contact_tags (organization_id, contact_id)
CREATE TABLE contacts (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
phone VARCHAR(20) NOT NULL,
person_key VARCHAR(20) NOT NULL,
wa_id VARCHAR(20),
wa_user_id VARCHAR(140),
name VARCHAR(200) NOT NULL,
first_name VARCHAR(200) NOT NULL,
last_name VARCHAR(200) NOT NULL,
email VARCHAR(200) NOT NULL,
language VARCHAR(20) NOT NULL,
country VARCHAR(2) NOT NULL,
attributes JSON NOT NULL,
opted_out_at DATETIME,
opt_out_source VARCHAR(200),
last_inbound_at DATETIME,
created_at DATETIME NOT NULL,
updated_at DATETIME NOT NULL, moved_to VARCHAR(20), moved_at DATETIME, email_typed VARCHAR(200) DEFAULT '' NOT NULL,
CONSTRAINT pk_contacts PRIMARY KEY (id),
CONSTRAINT fk_contacts_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_contacts_organization_id_id UNIQUE (organization_id, id),
CONSTRAINT uq_contacts_organization_id_phone UNIQUE (organization_id, phone)
)
CREATE TRIGGER count_contacts_delete after delete on contacts for each row  begin insert into contact_counts (organization_id, count) values (old.organization_id, -1) on conflict (organization_id) do update set count = count + (-1); end
CREATE TRIGGER count_contacts_insert after insert on contacts for each row  begin insert into contact_counts (organization_id, count) values (new.organization_id, 1) on conflict (organization_id) do update set count = count + (1); end
CREATE TRIGGER count_contacts_update after update of organization_id on contacts for each row when old.organization_id is not new.organization_id begin insert into contact_counts (organization_id, count) values (old.organization_id, -1) on conflict (organization_id) do update set count = count + (-1); insert into contact_counts (organization_id, count) values (new.organization_id, 1) on conflict (organization_id) do update set count = count + (1); end
CREATE INDEX ix_contacts_email_out ON contacts (organization_id, email) WHERE opted_out_at is not null
CREATE INDEX ix_contacts_name ON contacts (organization_id, name, id)
CREATE INDEX ix_contacts_person ON contacts (organization_id, person_key)
CREATE INDEX ix_contacts_wa_id ON contacts (organization_id, wa_id) WHERE wa_id is not null
CREATE INDEX ix_contacts_wa_user_id ON contacts (organization_id, wa_user_id) WHERE wa_user_id is not null
CREATE TABLE digest_times (
organization_id CHAR(32) NOT NULL,
user_id CHAR(32) NOT NULL,
hour SMALLINT NOT NULL,
zone VARCHAR(60) NOT NULL,
on_empty_days BOOLEAN NOT NULL,
told_on DATE,
CONSTRAINT pk_digest_times PRIMARY KEY (organization_id, user_id),
CONSTRAINT fk_digest_times_organization_id_user_id FOREIGN KEY(organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
)
CREATE TABLE email_accounts (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
api_key BLOB NOT NULL,
webhook_secret BLOB,
sender_name VARCHAR(200) NOT NULL,
sender_address VARCHAR(320) NOT NULL,
reply_to VARCHAR(320) NOT NULL,
emails_per_second DOUBLE NOT NULL,
batch_size INTEGER NOT NULL,
limit_requests DOUBLE,
tracks_opens BOOLEAN NOT NULL,
tracks_clicks BOOLEAN NOT NULL,
status VARCHAR(40) NOT NULL,
status_reason TEXT,
quota_until DATETIME,
quota_reason TEXT,
unreachable_since DATETIME,
unreachable_at DATETIME,
unreachable_reason TEXT,
sandbox_url TEXT,
created_at DATETIME NOT NULL, removed_at DATETIME,
CONSTRAINT pk_email_accounts PRIMARY KEY (id),
CONSTRAINT fk_email_accounts_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_email_accounts_organization_id_id UNIQUE (organization_id, id),
CONSTRAINT uq_email_accounts_organization_id_name UNIQUE (organization_id, name)
)
CREATE TABLE email_chunks (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
email_id CHAR(32) NOT NULL,
people SMALLINT NOT NULL,
attempts SMALLINT NOT NULL,
not_before DATETIME,
first_tried_at DATETIME,
lease_id CHAR(32),
settled_at DATETIME,
created_at DATETIME NOT NULL,
CONSTRAINT pk_email_chunks PRIMARY KEY (id),
CONSTRAINT fk_email_chunks_organization_id_email_id FOREIGN KEY(organization_id, email_id) REFERENCES emails (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_email_chunks_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_email_chunks_open ON email_chunks (organization_id, email_id, id) WHERE settled_at is null
CREATE TABLE email_counts (
organization_id CHAR(32) NOT NULL,
email_id CHAR(32) NOT NULL,
status VARCHAR(40) NOT NULL,
error_code VARCHAR(60) NOT NULL,
count INTEGER NOT NULL,
CONSTRAINT pk_email_counts PRIMARY KEY (organization_id, email_id, status, error_code)
)
CREATE TABLE email_events (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
email_id CHAR(32) NOT NULL,
at DATETIME NOT NULL,
text TEXT NOT NULL,
"by" VARCHAR(200) NOT NULL,
CONSTRAINT pk_email_events PRIMARY KEY (id),
CONSTRAINT fk_email_events_organization_id_email_id FOREIGN KEY(organization_id, email_id) REFERENCES emails (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_email_events_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_email_events_list ON email_events (organization_id, email_id, id)
CREATE TABLE email_minutes (
organization_id CHAR(32) NOT NULL,
email_id CHAR(32) NOT NULL,
minute DATETIME NOT NULL,
accepted INTEGER DEFAULT '0' NOT NULL,
delivered INTEGER DEFAULT '0' NOT NULL,
bounced INTEGER DEFAULT '0' NOT NULL,
CONSTRAINT pk_email_minutes PRIMARY KEY (organization_id, email_id, minute),
CONSTRAINT fk_email_minutes_organization_id_email_id FOREIGN KEY(organization_id, email_id) REFERENCES emails (organization_id, id) ON DELETE CASCADE
)
CREATE INDEX ix_email_minutes_minute ON email_minutes (organization_id, minute)
CREATE TABLE email_recipients (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
email_id CHAR(32) NOT NULL,
contact_id CHAR(32),
address VARCHAR(320) NOT NULL,
address_key VARCHAR(320) NOT NULL,
name VARCHAR(200) NOT NULL,
variables JSON NOT NULL,
status VARCHAR(40) NOT NULL,
error_code VARCHAR(60) NOT NULL,
error_message TEXT,
attempts SMALLINT NOT NULL,
not_before DATETIME,
chunk_id INTEGER,
provider_id VARCHAR(80),
created_at DATETIME NOT NULL,
accepted_at DATETIME,
sent_at DATETIME,
delayed_at DATETIME,
delivered_at DATETIME,
opened_at DATETIME,
clicked_at DATETIME,
bounced_at DATETIME,
complained_at DATETIME,
failed_at DATETIME,
unsubscribed_at DATETIME,
updated_at DATETIME NOT NULL,
CONSTRAINT pk_email_recipients PRIMARY KEY (id),
CONSTRAINT fk_email_recipients_organization_id_email_id FOREIGN KEY(organization_id, email_id) REFERENCES emails (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_email_recipients_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_email_recipients_organization_id_email_id_address_key UNIQUE (organization_id, email_id, address_key)
)
CREATE TRIGGER count_email_recipients_accepted_insert after insert on email_recipients for each row when new.accepted_at is not null begin insert into email_minutes (organization_id, email_id, minute, accepted) values (new.organization_id, new.email_id, substr(new.accepted_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, email_id, minute) do update set accepted = accepted + 1; end
CREATE TRIGGER count_email_recipients_accepted_update after update of accepted_at on email_recipients for each row when new.accepted_at is not null and old.accepted_at is null begin insert into email_minutes (organization_id, email_id, minute, accepted) values (new.organization_id, new.email_id, substr(new.accepted_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, email_id, minute) do update set accepted = accepted + 1; end
CREATE TRIGGER count_email_recipients_bounced_insert after insert on email_recipients for each row when new.bounced_at is not null begin insert into email_minutes (organization_id, email_id, minute, bounced) values (new.organization_id, new.email_id, substr(new.bounced_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, email_id, minute) do update set bounced = bounced + 1; end
CREATE TRIGGER count_email_recipients_bounced_update after update of bounced_at on email_recipients for each row when new.bounced_at is not null and old.bounced_at is null begin insert into email_minutes (organization_id, email_id, minute, bounced) values (new.organization_id, new.email_id, substr(new.bounced_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, email_id, minute) do update set bounced = bounced + 1; end
CREATE TRIGGER count_email_recipients_delete after delete on email_recipients for each row  begin insert into email_counts (organization_id, email_id, status, error_code, count) values (old.organization_id, old.email_id, old.status, old.error_code, -1) on conflict (organization_id, email_id, status, error_code) do update set count = count + (-1); end
CREATE TRIGGER count_email_recipients_delivered_insert after insert on email_recipients for each row when new.delivered_at is not null begin insert into email_minutes (organization_id, email_id, minute, delivered) values (new.organization_id, new.email_id, substr(new.delivered_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, email_id, minute) do update set delivered = delivered + 1; end
CREATE TRIGGER count_email_recipients_delivered_update after update of delivered_at on email_recipients for each row when new.delivered_at is not null and old.delivered_at is null begin insert into email_minutes (organization_id, email_id, minute, delivered) values (new.organization_id, new.email_id, substr(new.delivered_at, 1, 16) || ':00.000000', 1) on conflict (organization_id, email_id, minute) do update set delivered = delivered + 1; end
CREATE TRIGGER count_email_recipients_insert after insert on email_recipients for each row  begin insert into email_counts (organization_id, email_id, status, error_code, count) values (new.organization_id, new.email_id, new.status, new.error_code, 1) on conflict (organization_id, email_id, status, error_code) do update set count = count + (1); end
CREATE TRIGGER count_email_recipients_update after update of organization_id, email_id, status, error_code on email_recipients for each row when old.organization_id is not new.organization_id or old.email_id is not new.email_id or old.status is not new.status or old.error_code is not new.error_code begin insert into email_counts (organization_id, email_id, status, error_code, count) values (old.organization_id, old.email_id, old.status, old.error_code, -1) on conflict (organization_id, email_id, status, error_code) do update set count = count + (-1); insert into email_counts (organization_id, email_id, status, error_code, count) values (new.organization_id, new.email_id, new.status, new.error_code, 1) on conflict (organization_id, email_id, status, error_code) do update set count = count + (1); end
CREATE INDEX ix_email_recipients_address ON email_recipients (organization_id, address_key, id)
CREATE INDEX ix_email_recipients_chunk ON email_recipients (organization_id, email_id, chunk_id, id)
CREATE INDEX ix_email_recipients_contact ON email_recipients (organization_id, contact_id, id)
CREATE INDEX ix_email_recipients_list ON email_recipients (organization_id, email_id, id)
CREATE INDEX ix_email_recipients_provider ON email_recipients (organization_id, provider_id)
CREATE INDEX ix_email_recipients_status ON email_recipients (organization_id, email_id, status, id)
CREATE INDEX ix_email_recipients_unsubscribed ON email_recipients (organization_id, email_id, id) WHERE unsubscribed_at is not null
CREATE TABLE email_templates (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
subject TEXT NOT NULL,
html TEXT NOT NULL,
text TEXT NOT NULL,
variables JSON NOT NULL,
version INTEGER NOT NULL,
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
updated_at DATETIME NOT NULL,
CONSTRAINT pk_email_templates PRIMARY KEY (id),
CONSTRAINT fk_email_templates_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_email_templates_organization_id_id UNIQUE (organization_id, id),
CONSTRAINT uq_email_templates_organization_id_name UNIQUE (organization_id, name)
)
CREATE TABLE email_webhooks (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
account_id CHAR(32) NOT NULL,
delivery_id VARCHAR(200) NOT NULL,
body BLOB NOT NULL,
received_at DATETIME NOT NULL,
applied_at DATETIME,
error TEXT,
CONSTRAINT pk_email_webhooks PRIMARY KEY (id),
CONSTRAINT fk_email_webhooks_organization_id_account_id FOREIGN KEY(organization_id, account_id) REFERENCES email_accounts (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_email_webhooks_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_email_webhooks_organization_id_account_id_delivery_id UNIQUE (organization_id, account_id, delivery_id)
)
CREATE INDEX ix_email_webhooks_open ON email_webhooks (organization_id, account_id, id) WHERE applied_at is null
CREATE INDEX ix_email_webhooks_received ON email_webhooks (organization_id, received_at)
CREATE TABLE emails (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
account_id CHAR(32) NOT NULL,
template_id CHAR(32),
job_id CHAR(32),
status VARCHAR(40) NOT NULL,
status_reason TEXT,
paused_until DATETIME,
sender TEXT NOT NULL,
reply_to TEXT NOT NULL,
subject TEXT NOT NULL,
html TEXT NOT NULL,
text TEXT NOT NULL,
variables JSON NOT NULL,
tags JSON NOT NULL,
attachments JSON NOT NULL,
unsubscribe_base TEXT NOT NULL,
audience JSON NOT NULL,
batch_size SMALLINT NOT NULL,
priority SMALLINT NOT NULL,
audience_size INTEGER,
frozen_at DATETIME,
scheduled_at DATETIME,
time_zone VARCHAR(60) NOT NULL,
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
started_at DATETIME,
finished_at DATETIME, unsubscribed INTEGER DEFAULT '0' NOT NULL,
CONSTRAINT pk_emails PRIMARY KEY (id),
CONSTRAINT fk_emails_organization_id_account_id FOREIGN KEY(organization_id, account_id) REFERENCES email_accounts (organization_id, id),
CONSTRAINT fk_emails_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_emails_organization_id_id UNIQUE (organization_id, id)
)
CREATE INDEX ix_emails_by_status ON emails (organization_id, status, id)
CREATE TABLE header_files (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
kind VARCHAR(20) NOT NULL,
name VARCHAR(200) NOT NULL,
content_type VARCHAR(100) NOT NULL,
size_bytes INTEGER NOT NULL,
sha256 VARCHAR(64) NOT NULL,
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
account_id CHAR(32),
provider_id VARCHAR(200) NOT NULL,
uploaded_at DATETIME,
sample_handle TEXT NOT NULL,
CONSTRAINT pk_header_files PRIMARY KEY (id),
CONSTRAINT fk_header_files_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_header_files_organization_id_id UNIQUE (organization_id, id),
CONSTRAINT uq_header_files_organization_id_sha256 UNIQUE (organization_id, sha256)
)
CREATE INDEX ix_header_files_list ON header_files (organization_id, kind, id)
CREATE TABLE import_rows (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
import_id CHAR(32) NOT NULL,
row_no INTEGER NOT NULL,
outcome VARCHAR(20) NOT NULL,
"column" VARCHAR(200) NOT NULL,
code VARCHAR(200) NOT NULL,
message TEXT NOT NULL,
suggestion TEXT NOT NULL,
cells JSON NOT NULL, contact_id CHAR(32), line INTEGER DEFAULT '0' NOT NULL, also TEXT DEFAULT '' NOT NULL,
CONSTRAINT pk_import_rows PRIMARY KEY (id),
CONSTRAINT fk_import_rows_organization_id_import_id FOREIGN KEY(organization_id, import_id) REFERENCES imports (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_import_rows_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_import_rows_organization_id_import_id_row_no UNIQUE (organization_id, import_id, row_no)
)
CREATE INDEX ix_import_rows_outcome ON import_rows (organization_id, import_id, outcome, row_no)
CREATE TABLE import_sightings (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
source_key VARCHAR(64) NOT NULL,
name VARCHAR(255) NOT NULL,
size_bytes INTEGER NOT NULL,
changed_ns INTEGER NOT NULL,
etag VARCHAR(200) NOT NULL,
last_modified VARCHAR(100) NOT NULL,
sha256 VARCHAR(64) NOT NULL,
seen_by CHAR(32),
seen_at DATETIME NOT NULL,
CONSTRAINT pk_import_sightings PRIMARY KEY (id),
CONSTRAINT fk_import_sightings_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_import_sightings_organization_id_source_key_name UNIQUE (organization_id, source_key, name)
)
CREATE TABLE import_undos (
organization_id CHAR(32) NOT NULL,
import_id CHAR(32) NOT NULL,
job_id CHAR(32),
position CHAR(32),
deleted INTEGER NOT NULL,
restored INTEGER NOT NULL,
kept_by_code JSON NOT NULL,
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
finished_at DATETIME,
CONSTRAINT pk_import_undos PRIMARY KEY (import_id),
CONSTRAINT fk_import_undos_organization_id_import_id FOREIGN KEY(organization_id, import_id) REFERENCES imports (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_import_undos_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE TABLE imports (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
job_id CHAR(32),
status VARCHAR(40) NOT NULL,
file_name VARCHAR(200) NOT NULL,
path TEXT NOT NULL,
sha256 VARCHAR(64) NOT NULL,
size_bytes INTEGER NOT NULL,
inspection JSON NOT NULL,
mapping JSON NOT NULL,
options JSON NOT NULL,
position JSON NOT NULL,
rows_read INTEGER NOT NULL,
created INTEGER NOT NULL,
updated INTEGER NOT NULL,
unchanged INTEGER NOT NULL,
duplicate INTEGER NOT NULL,
rejected INTEGER NOT NULL,
rejected_by_code JSON NOT NULL,
noted_by_code JSON NOT NULL,
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
started_at DATETIME,
finished_at DATETIME, opted_out INTEGER DEFAULT '0' NOT NULL, undo_kept BOOLEAN DEFAULT 0 NOT NULL, trial_job_id CHAR(32), trial JSON, header_key VARCHAR(64) DEFAULT '' NOT NULL, source_key VARCHAR(64) DEFAULT '' NOT NULL,
CONSTRAINT pk_imports PRIMARY KEY (id),
CONSTRAINT fk_imports_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_imports_organization_id_id UNIQUE (organization_id, id)
)
CREATE INDEX ix_imports_header ON imports (organization_id, header_key, id)
CREATE INDEX ix_imports_list ON imports (organization_id, id)
CREATE INDEX ix_imports_sha256 ON imports (organization_id, sha256, id)
CREATE INDEX ix_imports_source ON imports (organization_id, source_key, sha256)
CREATE TABLE inbound_messages (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
account_id CHAR(32) NOT NULL,
wamid VARCHAR(200) NOT NULL,
from_number VARCHAR(20) NOT NULL,
contact_id CHAR(32),
recipient_id INTEGER,
kind VARCHAR(20) NOT NULL,
text TEXT NOT NULL,
at DATETIME NOT NULL, from_user_id VARCHAR(140),
CONSTRAINT pk_inbound_messages PRIMARY KEY (id),
CONSTRAINT fk_inbound_messages_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_inbound_messages_organization_id_account_id_wamid UNIQUE (organization_id, account_id, wamid)
)
CREATE INDEX ix_inbound_messages_at ON inbound_messages (organization_id, at)
CREATE INDEX ix_inbound_messages_contact ON inbound_messages (organization_id, contact_id, id)
CREATE TABLE job_attempts (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
job_id CHAR(32) NOT NULL,
attempt INTEGER NOT NULL,
worker_id CHAR(32) NOT NULL,
worker VARCHAR(200) NOT NULL,
started_at DATETIME NOT NULL,
ended_at DATETIME,
outcome VARCHAR(20),
error TEXT,
trace TEXT,
CONSTRAINT pk_job_attempts PRIMARY KEY (id),
CONSTRAINT fk_job_attempts_organization_id_job_id FOREIGN KEY(organization_id, job_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_job_attempts_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_job_attempts_organization_id_job_id_attempt UNIQUE (organization_id, job_id, attempt)
)
CREATE TABLE job_counts (
organization_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
processor VARCHAR(200) NOT NULL,
state VARCHAR(40) NOT NULL,
routine BOOLEAN NOT NULL,
slot INTEGER DEFAULT '0' NOT NULL,
count INTEGER NOT NULL,
CONSTRAINT pk_job_counts PRIMARY KEY (organization_id, queue, processor, state, routine, slot)
)
CREATE TABLE job_dependencies (
organization_id CHAR(32) NOT NULL,
job_id CHAR(32) NOT NULL,
needs_id CHAR(32) NOT NULL,
"on" VARCHAR(40) NOT NULL,
condition JSON,
resolved_at DATETIME,
met BOOLEAN,
CONSTRAINT pk_job_dependencies PRIMARY KEY (organization_id, job_id, needs_id),
CONSTRAINT fk_job_dependencies_organization_id_job_id FOREIGN KEY(organization_id, job_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_job_dependencies_organization_id_needs_id FOREIGN KEY(organization_id, needs_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE
)
CREATE INDEX ix_job_dependencies_needs ON job_dependencies (needs_id, job_id)
CREATE TABLE job_events (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
job_id CHAR(32) NOT NULL,
at DATETIME NOT NULL,
what VARCHAR(20) NOT NULL,
"by" VARCHAR(200) NOT NULL,
reason TEXT NOT NULL,
operation_id CHAR(32),
details JSON NOT NULL,
CONSTRAINT pk_job_events PRIMARY KEY (id),
CONSTRAINT fk_job_events_organization_id_job_id FOREIGN KEY(organization_id, job_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_job_events_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_job_events_job ON job_events (organization_id, job_id, id)
CREATE TABLE job_items (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
job_id CHAR(32) NOT NULL,
attempt INTEGER NOT NULL,
"key" VARCHAR(200) NOT NULL,
status VARCHAR(20) NOT NULL,
code VARCHAR(200) NOT NULL,
message TEXT NOT NULL,
CONSTRAINT pk_job_items PRIMARY KEY (id),
CONSTRAINT fk_job_items_organization_id_job_id FOREIGN KEY(organization_id, job_id) REFERENCES jobs (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_job_items_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_job_items_job ON job_items (organization_id, job_id, id)
CREATE TABLE job_logs (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
job_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
processor VARCHAR(200) NOT NULL,
title VARCHAR(200) NOT NULL,
state VARCHAR(40) NOT NULL,
priority SMALLINT NOT NULL,
attempts INTEGER NOT NULL,
created_at DATETIME NOT NULL,
started_at DATETIME,
finished_at DATETIME NOT NULL,
done INTEGER NOT NULL,
failed INTEGER NOT NULL,
error_code VARCHAR(200),
error TEXT,
CONSTRAINT pk_job_logs PRIMARY KEY (id),
CONSTRAINT fk_job_logs_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE TRIGGER freeze_job_logs before update on job_logs begin select raise(abort, 'rows of job_logs are never changed'); end
CREATE INDEX ix_job_logs_finished ON job_logs (organization_id, finished_at)
CREATE INDEX ix_job_logs_job_id ON job_logs (job_id)
CREATE TABLE job_schedules (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
processor VARCHAR(200) NOT NULL,
params BLOB NOT NULL,
"when" VARCHAR(100) NOT NULL,
time_zone VARCHAR(60) NOT NULL,
anchor_at DATETIME NOT NULL,
state VARCHAR(40) NOT NULL,
state_reason TEXT,
paused_until DATETIME,
due_since DATETIME,
next_run_at DATETIME,
catch_up VARCHAR(40) NOT NULL,
catch_up_most SMALLINT NOT NULL,
grace_minutes INTEGER NOT NULL,
overlap VARCHAR(40) NOT NULL,
jitter_seconds INTEGER NOT NULL,
ends_at DATETIME,
ends_after INTEGER,
run_count INTEGER NOT NULL,
last_fire_at DATETIME,
last_job_id CHAR(32),
created_by VARCHAR(200) NOT NULL,
created_by_id CHAR(32),
created_at DATETIME NOT NULL,
CONSTRAINT pk_job_schedules PRIMARY KEY (id),
CONSTRAINT fk_job_schedules_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_job_schedules_organization_id_id UNIQUE (organization_id, id)
)
CREATE INDEX ix_job_schedules_due ON job_schedules (next_run_at) WHERE next_run_at is not null
CREATE INDEX ix_job_schedules_state ON job_schedules (organization_id, state, id)
CREATE TABLE jobs (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
processor VARCHAR(200) NOT NULL,
title VARCHAR(200) NOT NULL,
subject VARCHAR(200),
priority SMALLINT NOT NULL,
state VARCHAR(40) NOT NULL,
payload BLOB NOT NULL,
run_at DATETIME,
wait_reason TEXT,
dedupe_key VARCHAR(200),
created_at DATETIME NOT NULL,
created_by VARCHAR(200) NOT NULL,
dispatched_at DATETIME,
started_at DATETIME,
finished_at DATETIME,
attempt INTEGER NOT NULL,
failures INTEGER NOT NULL,
max_attempts INTEGER NOT NULL,
timeout_seconds INTEGER NOT NULL,
handed_back BOOLEAN NOT NULL,
lease_id CHAR(32),
lease_until DATETIME,
worker_id CHAR(32),
cancel_requested_at DATETIME,
cancel_requested_by VARCHAR(200),
routine BOOLEAN NOT NULL,
progress_total INTEGER,
progress_done INTEGER NOT NULL,
progress_failed INTEGER NOT NULL,
progress_at DATETIME,
error_code VARCHAR(200),
error TEXT,
result JSON, idempotency_key VARCHAR(200), payload_digest VARCHAR(64), parent_id CHAR(32), claimed_at DATETIME, blocked_by INTEGER DEFAULT '0' NOT NULL, steered_at DATETIME, due_at DATETIME, request_id VARCHAR(64), traceparent VARCHAR(55),
CONSTRAINT pk_jobs PRIMARY KEY (id),
CONSTRAINT fk_jobs_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_jobs_organization_id_id UNIQUE (organization_id, id)
)
CREATE TRIGGER count_jobs_delete after delete on jobs for each row  begin insert into job_counts (organization_id, queue, processor, state, routine, slot, count) values (old.organization_id, old.queue, old.processor, old.state, old.routine, 0, -1) on conflict (organization_id, queue, processor, state, routine, slot) do update set count = count + (-1); end
CREATE TRIGGER count_jobs_insert after insert on jobs for each row  begin insert into job_counts (organization_id, queue, processor, state, routine, slot, count) values (new.organization_id, new.queue, new.processor, new.state, new.routine, 0, 1) on conflict (organization_id, queue, processor, state, routine, slot) do update set count = count + (1); end
CREATE TRIGGER count_jobs_update after update of organization_id, queue, processor, state, routine on jobs for each row when old.organization_id is not new.organization_id or old.queue is not new.queue or old.processor is not new.processor or old.state is not new.state or old.routine is not new.routine begin insert into job_counts (organization_id, queue, processor, state, routine, slot, count) values (old.organization_id, old.queue, old.processor, old.state, old.routine, 0, -1) on conflict (organization_id, queue, processor, state, routine, slot) do update set count = count + (-1); insert into job_counts (organization_id, queue, processor, state, routine, slot, count) values (new.organization_id, new.queue, new.processor, new.state, new.routine, 0, 1) on conflict (organization_id, queue, processor, state, routine, slot) do update set count = count + (1); end
CREATE INDEX ix_jobs_by_queue ON jobs (organization_id, queue, id) WHERE (not routine or state = 'failed')
CREATE INDEX ix_jobs_by_state ON jobs (organization_id, state, id) WHERE (not routine or state = 'failed')
CREATE INDEX ix_jobs_dispatched ON jobs (dispatched_at) WHERE state = 'waiting'
CREATE INDEX ix_jobs_lease ON jobs (lease_until) WHERE state = 'active'
CREATE INDEX ix_jobs_list ON jobs (organization_id, id) WHERE (not routine or state = 'failed')
CREATE INDEX ix_jobs_open ON jobs (queue, organization_id, processor, priority, run_at) WHERE state in ('waiting', 'delayed') and dispatched_at is null and blocked_by = 0
CREATE INDEX ix_jobs_parent ON jobs (organization_id, parent_id) WHERE parent_id is not null
CREATE INDEX ix_jobs_subject ON jobs (organization_id, subject) WHERE subject is not null
CREATE UNIQUE INDEX uq_jobs_dedupe ON jobs (organization_id, dedupe_key) WHERE state in ('waiting', 'delayed') and dedupe_key is not null
CREATE UNIQUE INDEX uq_jobs_idempotency ON jobs (organization_id, idempotency_key) WHERE idempotency_key is not null
CREATE TABLE memberships (
organization_id CHAR(32) NOT NULL,
user_id CHAR(32) NOT NULL,
role VARCHAR(40) NOT NULL,
created_at DATETIME NOT NULL,
CONSTRAINT pk_memberships PRIMARY KEY (organization_id, user_id),
CONSTRAINT fk_memberships_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id)
)
CREATE INDEX ix_memberships_user_id ON memberships (user_id)
CREATE TABLE message_minutes (
organization_id CHAR(32) NOT NULL,
campaign_id CHAR(32) NOT NULL,
minute DATETIME NOT NULL,
accepted INTEGER DEFAULT '0' NOT NULL,
delivered INTEGER DEFAULT '0' NOT NULL,
failed INTEGER DEFAULT '0' NOT NULL, refused INTEGER DEFAULT '0' NOT NULL,
CONSTRAINT pk_message_minutes PRIMARY KEY (organization_id, campaign_id, minute),
CONSTRAINT fk_message_minutes_organization_id FOREIGN KEY(organization_id, campaign_id) REFERENCES campaigns (organization_id, id) ON DELETE CASCADE
)
CREATE INDEX ix_message_minutes_minute ON message_minutes (organization_id, minute)
CREATE TABLE message_templates (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
account_id CHAR(32) NOT NULL,
provider_id VARCHAR(40) NOT NULL,
name VARCHAR(512) NOT NULL,
language VARCHAR(20) NOT NULL,
category VARCHAR(40) NOT NULL,
status VARCHAR(40) NOT NULL,
status_reason TEXT,
quality VARCHAR(200) NOT NULL,
parameter_format VARCHAR(20) NOT NULL,
components JSON NOT NULL,
synced_at DATETIME NOT NULL, sample_file_id CHAR(32),
CONSTRAINT pk_message_templates PRIMARY KEY (id),
CONSTRAINT fk_message_templates_organization_id_account_id FOREIGN KEY(organization_id, account_id) REFERENCES whatsapp_accounts (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_message_templates_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_message_templates_organization_id_account_id_name_language UNIQUE (organization_id, account_id, name, language),
CONSTRAINT uq_message_templates_organization_id_id UNIQUE (organization_id, id)
)
CREATE TABLE notification_choices (
organization_id CHAR(32) NOT NULL,
user_id CHAR(32) NOT NULL,
kind VARCHAR(40) NOT NULL,
wanted BOOLEAN NOT NULL,
CONSTRAINT pk_notification_choices PRIMARY KEY (organization_id, user_id, kind),
CONSTRAINT fk_notification_choices_organization_id_user_id FOREIGN KEY(organization_id, user_id) REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE
)
CREATE TABLE opt_events (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
contact_id CHAR(32) NOT NULL,
at DATETIME NOT NULL,
opted_out BOOLEAN NOT NULL,
source VARCHAR(40) NOT NULL,
detail TEXT NOT NULL,
"by" VARCHAR(200) NOT NULL,
CONSTRAINT pk_opt_events PRIMARY KEY (id),
CONSTRAINT fk_opt_events_organization_id_contact_id FOREIGN KEY(organization_id, contact_id) REFERENCES contacts (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_opt_events_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_opt_events_contact ON opt_events (organization_id, contact_id, id)
CREATE TABLE organizations (
id CHAR(32) NOT NULL,
slug VARCHAR(200) NOT NULL,
name VARCHAR(200) NOT NULL,
default_country VARCHAR(2) NOT NULL,
created_at DATETIME NOT NULL, contact_gap_hours INTEGER DEFAULT '24' NOT NULL, most_messages_per_second FLOAT, most_emails_per_second FLOAT,
CONSTRAINT pk_organizations PRIMARY KEY (id),
CONSTRAINT uq_organizations_slug UNIQUE (slug)
)
CREATE TABLE parked_email_events (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
account_id CHAR(32) NOT NULL,
provider_id VARCHAR(80) NOT NULL,
event JSON NOT NULL,
received_at DATETIME NOT NULL,
CONSTRAINT pk_parked_email_events PRIMARY KEY (id),
CONSTRAINT fk_parked_email_events_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_parked_email_events_provider ON parked_email_events (organization_id, provider_id)
CREATE TABLE parked_statuses (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
account_id CHAR(32) NOT NULL,
wamid VARCHAR(200) NOT NULL,
event JSON NOT NULL,
received_at DATETIME NOT NULL,
CONSTRAINT pk_parked_statuses PRIMARY KEY (id),
CONSTRAINT fk_parked_statuses_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_parked_statuses_wamid ON parked_statuses (organization_id, wamid)
CREATE TABLE provider_notices (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
account_id CHAR(32) NOT NULL,
at DATETIME NOT NULL,
kind VARCHAR(40) NOT NULL,
about VARCHAR(540) NOT NULL,
level VARCHAR(40) NOT NULL,
title TEXT NOT NULL,
text TEXT NOT NULL,
CONSTRAINT pk_provider_notices PRIMARY KEY (id),
CONSTRAINT fk_provider_notices_organization_id_account_id FOREIGN KEY(organization_id, account_id) REFERENCES whatsapp_accounts (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_provider_notices_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_provider_notices_at ON provider_notices (organization_id, at, id)
CREATE TABLE queue_controls (
organization_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
processor VARCHAR(200) DEFAULT '' NOT NULL,
paused_at DATETIME NOT NULL,
paused_until DATETIME,
reason TEXT NOT NULL,
"by" VARCHAR(200) NOT NULL,
CONSTRAINT pk_queue_controls PRIMARY KEY (organization_id, queue, processor)
)
CREATE TABLE queue_limits (
organization_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
at_once INTEGER,
per_minute INTEGER,
waiting INTEGER,
next_at DATETIME,
changed_at DATETIME NOT NULL,
changed_by VARCHAR(200) NOT NULL, most_at_once INTEGER,
CONSTRAINT pk_queue_limits PRIMARY KEY (organization_id, queue)
)
CREATE TABLE rendering_rows (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
rendering_id CHAR(32) NOT NULL,
number INTEGER NOT NULL,
contact_id CHAR(32),
name VARCHAR(200) NOT NULL,
phone VARCHAR(200) NOT NULL,
outcome VARCHAR(20) NOT NULL,
code VARCHAR(200) NOT NULL,
variable VARCHAR(200) NOT NULL,
message TEXT NOT NULL,
variables JSON NOT NULL,
given JSON,
CONSTRAINT pk_rendering_rows PRIMARY KEY (id),
CONSTRAINT fk_rendering_rows_organization_id_rendering_id FOREIGN KEY(organization_id, rendering_id) REFERENCES renderings (organization_id, id) ON DELETE CASCADE,
CONSTRAINT uq_rendering_rows_organization_id_rendering_id_number UNIQUE (organization_id, rendering_id, number)
)
CREATE INDEX ix_rendering_rows_contact ON rendering_rows (organization_id, rendering_id, contact_id)
CREATE INDEX ix_rendering_rows_outcome ON rendering_rows (organization_id, rendering_id, outcome, number)
CREATE TABLE renderings (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
job_id CHAR(32),
template_name VARCHAR(512) NOT NULL,
template_language VARCHAR(20) NOT NULL,
parameter_format VARCHAR(20) NOT NULL,
components JSON NOT NULL,
variables JSON NOT NULL,
audience JSON,
total INTEGER,
position VARCHAR(200) NOT NULL,
rendered INTEGER NOT NULL,
failed INTEGER NOT NULL,
failed_by_code JSON NOT NULL,
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
finished_at DATETIME,
forgotten_at DATETIME,
CONSTRAINT pk_renderings PRIMARY KEY (id),
CONSTRAINT fk_renderings_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_renderings_organization_id_id UNIQUE (organization_id, id)
)
CREATE INDEX ix_renderings_list ON renderings (organization_id, id)
CREATE TABLE schedule_fires (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
schedule_id CHAR(32) NOT NULL,
fire_at DATETIME NOT NULL,
state VARCHAR(40) NOT NULL,
reason TEXT NOT NULL,
"by" VARCHAR(200) NOT NULL,
job_id CHAR(32),
work_job_id CHAR(32),
subject VARCHAR(200),
replaces CHAR(32),
made_at DATETIME NOT NULL,
CONSTRAINT pk_schedule_fires PRIMARY KEY (id),
CONSTRAINT fk_schedule_fires_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT fk_schedule_fires_organization_id_schedule_id FOREIGN KEY(organization_id, schedule_id) REFERENCES job_schedules (organization_id, id) ON DELETE CASCADE,
CONSTRAINT uq_schedule_fires_organization_id_schedule_id_fire_at UNIQUE (organization_id, schedule_id, fire_at)
)
CREATE INDEX ix_schedule_fires_job ON schedule_fires (organization_id, job_id) WHERE job_id is not null
CREATE INDEX ix_schedule_fires_list ON schedule_fires (organization_id, schedule_id, id)
CREATE INDEX ix_schedule_fires_made ON schedule_fires (organization_id, made_at)
CREATE INDEX ix_schedule_fires_replacing ON schedule_fires (id) WHERE state = 'replacing'
CREATE TABLE sessions (
id CHAR(32) NOT NULL,
user_id CHAR(32) NOT NULL,
token_hash VARCHAR(64) NOT NULL,
created_at DATETIME NOT NULL,
last_seen_at DATETIME NOT NULL,
address VARCHAR(45) NOT NULL,
browser VARCHAR(200) NOT NULL,
CONSTRAINT pk_sessions PRIMARY KEY (id),
CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id),
CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
)
CREATE INDEX ix_sessions_user_id ON sessions (user_id)
CREATE TABLE sign_in_failures (
"key" VARCHAR(64) NOT NULL,
failures INTEGER NOT NULL,
last_at DATETIME NOT NULL,
until DATETIME NOT NULL,
CONSTRAINT pk_sign_in_failures PRIMARY KEY ("key")
)
CREATE INDEX ix_sign_in_failures_last_at ON sign_in_failures (last_at)
CREATE TABLE stats_day (
organization_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
day DATETIME NOT NULL,
completed INTEGER NOT NULL,
failed INTEGER NOT NULL,
cancelled INTEGER NOT NULL,
wait_ms INTEGER NOT NULL,
run_ms INTEGER NOT NULL, items INTEGER DEFAULT '0' NOT NULL,
CONSTRAINT pk_stats_day PRIMARY KEY (organization_id, queue, day)
)
CREATE TABLE stats_hour (
organization_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
hour DATETIME NOT NULL,
completed INTEGER NOT NULL,
failed INTEGER NOT NULL,
cancelled INTEGER NOT NULL,
wait_ms INTEGER NOT NULL,
run_ms INTEGER NOT NULL, items INTEGER DEFAULT '0' NOT NULL,
CONSTRAINT pk_stats_hour PRIMARY KEY (organization_id, queue, hour)
)
CREATE TABLE stats_minute (
organization_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
minute DATETIME NOT NULL,
completed INTEGER NOT NULL,
failed INTEGER NOT NULL,
cancelled INTEGER NOT NULL,
wait_ms INTEGER NOT NULL,
run_ms INTEGER NOT NULL, items INTEGER DEFAULT '0' NOT NULL,
CONSTRAINT pk_stats_minute PRIMARY KEY (organization_id, queue, minute)
)
CREATE TABLE stats_spread (
organization_id CHAR(32) NOT NULL,
queue VARCHAR(40) NOT NULL,
minute DATETIME NOT NULL,
measure VARCHAR(40) NOT NULL,
bucket SMALLINT NOT NULL,
count INTEGER NOT NULL,
CONSTRAINT pk_stats_spread PRIMARY KEY (organization_id, queue, minute, measure, bucket)
)
CREATE TABLE suppression_counts (
organization_id CHAR(32) NOT NULL,
reason VARCHAR(40) NOT NULL,
count INTEGER NOT NULL,
CONSTRAINT pk_suppression_counts PRIMARY KEY (organization_id, reason)
)
CREATE TABLE suppressions (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
address VARCHAR(320) NOT NULL,
address_key VARCHAR(320) NOT NULL,
reason VARCHAR(40) NOT NULL,
detail TEXT NOT NULL,
email_id CHAR(32),
created_by VARCHAR(200) NOT NULL,
created_at DATETIME NOT NULL,
told_at DATETIME,
CONSTRAINT pk_suppressions PRIMARY KEY (id),
CONSTRAINT fk_suppressions_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_suppressions_organization_id_address_key UNIQUE (organization_id, address_key)
)
CREATE TRIGGER count_suppressions_delete after delete on suppressions for each row  begin insert into suppression_counts (organization_id, reason, count) values (old.organization_id, old.reason, -1) on conflict (organization_id, reason) do update set count = count + (-1); end
CREATE TRIGGER count_suppressions_insert after insert on suppressions for each row  begin insert into suppression_counts (organization_id, reason, count) values (new.organization_id, new.reason, 1) on conflict (organization_id, reason) do update set count = count + (1); end
CREATE TRIGGER count_suppressions_update after update of organization_id, reason on suppressions for each row when old.organization_id is not new.organization_id or old.reason is not new.reason begin insert into suppression_counts (organization_id, reason, count) values (old.organization_id, old.reason, -1) on conflict (organization_id, reason) do update set count = count + (-1); insert into suppression_counts (organization_id, reason, count) values (new.organization_id, new.reason, 1) on conflict (organization_id, reason) do update set count = count + (1); end
CREATE INDEX ix_suppressions_list ON suppressions (organization_id, id)
CREATE INDEX ix_suppressions_reason ON suppressions (organization_id, reason, id)
CREATE INDEX ix_suppressions_to_sync ON suppressions (organization_id, told_at, id)
CREATE TABLE tags (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
CONSTRAINT pk_tags PRIMARY KEY (id),
CONSTRAINT fk_tags_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_tags_organization_id_id UNIQUE (organization_id, id),
CONSTRAINT uq_tags_organization_id_name UNIQUE (organization_id, name)
)
CREATE TABLE template_changes (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
template_id CHAR(32) NOT NULL,
at DATETIME NOT NULL,
what VARCHAR(20) NOT NULL,
"before" VARCHAR(40) NOT NULL,
"after" VARCHAR(40) NOT NULL,
reason TEXT NOT NULL,
told_by VARCHAR(20) NOT NULL,
CONSTRAINT pk_template_changes PRIMARY KEY (id),
CONSTRAINT fk_template_changes_organization_id_template_id FOREIGN KEY(organization_id, template_id) REFERENCES message_templates (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_template_changes_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)
CREATE INDEX ix_template_changes_template ON template_changes (organization_id, template_id, id)
CREATE TABLE users (
id CHAR(32) NOT NULL,
email VARCHAR(200) NOT NULL,
name VARCHAR(200) NOT NULL,
password_hash TEXT NOT NULL,
created_at DATETIME NOT NULL,
last_organization_id CHAR(32),
CONSTRAINT pk_users PRIMARY KEY (id),
CONSTRAINT fk_users_last_organization_id FOREIGN KEY(last_organization_id) REFERENCES organizations (id),
CONSTRAINT uq_users_email UNIQUE (email)
)
CREATE TABLE webhook_deliveries (
organization_id CHAR(32) NOT NULL,
id INTEGER NOT NULL,
account_id CHAR(32) NOT NULL,
digest VARCHAR(64) NOT NULL,
body BLOB NOT NULL,
received_at DATETIME NOT NULL,
applied_at DATETIME,
error TEXT,
CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id),
CONSTRAINT fk_webhook_deliveries_organization_id_account_id FOREIGN KEY(organization_id, account_id) REFERENCES whatsapp_accounts (organization_id, id) ON DELETE CASCADE,
CONSTRAINT fk_webhook_deliveries_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_webhook_deliveries_organization_id_account_id_digest UNIQUE (organization_id, account_id, digest)
)
CREATE INDEX ix_webhook_deliveries_open ON webhook_deliveries (organization_id, account_id, id) WHERE applied_at is null
CREATE INDEX ix_webhook_deliveries_received ON webhook_deliveries (organization_id, received_at)
CREATE TABLE whatsapp_accounts (
organization_id CHAR(32) NOT NULL,
id CHAR(32) NOT NULL,
name VARCHAR(200) NOT NULL,
phone_number_id VARCHAR(40) NOT NULL,
waba_id VARCHAR(40) NOT NULL,
display_phone_number VARCHAR(30) NOT NULL,
token BLOB NOT NULL,
app_secret BLOB NOT NULL,
verify_token BLOB NOT NULL,
messages_per_second DOUBLE NOT NULL,
status VARCHAR(40) NOT NULL,
status_reason TEXT,
slowed_until DATETIME,
slowed_reason TEXT,
created_at DATETIME NOT NULL, sandbox_url TEXT, unreachable_since DATETIME, unreachable_at DATETIME, unreachable_reason TEXT, quality VARCHAR(20), messaging_limit VARCHAR(40), restriction TEXT, pricing_tiers JSON,
CONSTRAINT pk_whatsapp_accounts PRIMARY KEY (id),
CONSTRAINT fk_whatsapp_accounts_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
CONSTRAINT uq_whatsapp_accounts_organization_id_id UNIQUE (organization_id, id),
CONSTRAINT uq_whatsapp_accounts_organization_id_phone_number_id UNIQUE (organization_id, phone_number_id)
)
CREATE TABLE workers (
id CHAR(32) NOT NULL,
host VARCHAR(200) NOT NULL,
pid INTEGER NOT NULL,
version VARCHAR(40) NOT NULL,
queues JSON NOT NULL,
started_at DATETIME NOT NULL,
heartbeat_at DATETIME NOT NULL,
stopped_at DATETIME,
memory_mb INTEGER, drain_requested_at DATETIME, drain_requested_by VARCHAR(200), scope JSON, threads INTEGER, busy INTEGER, samples JSON,
CONSTRAINT pk_workers PRIMARY KEY (id)
)
