// BullMQ behind the bench's protocol: `produce MODE COUNT SLEEP_MS SECONDS` (see producing.py) or `work`.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { renameSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

const require = createRequire(`${process.env.BULLMQ_HOME}/package.json`)
const { Queue, Worker } = await import(pathToFileURL(require.resolve('bullmq')))

const BATCH = 500
const CONCURRENCY = Number(process.env.BENCH_CONCURRENCY)
const WRITE_EVERY_MS = 20

const address = process.env.REDIS_URL
const connection = {
  ...(address.startsWith('unix://') ? { path: address.slice(7).split('?')[0] } : { url: address }),
  maxRetriesPerRequest: null,
}
const now = () => (performance.timeOrigin + performance.now()) / 1000

async function produce (mode, count, sleepMs, seconds) {
  const queue = new Queue('bench', { connection })
  await queue.waitUntilReady()
  const payload = { sleep_ms: sleepMs, sent_at: 0 }
  if (mode === 'idle') {
    await queue.add('noop', payload)
    for (let n = 0; n < count; n++) {
      await pause(30 + Math.random() * 40)
      await queue.add('noop', { ...payload, sent_at: now() })
    }
    console.log(JSON.stringify({ count, seconds: 0 }))
    return queue.close()
  }
  const began = performance.now()
  let done = 0
  while (done < count && performance.now() - began < seconds * 1000) {
    const size = mode === 'bulk' ? Math.min(BATCH, count - done) : 1
    if (size > 1) await queue.addBulk(Array.from({ length: size }, () => ({ name: 'noop', data: payload })))
    else await queue.add('noop', payload)
    done += size
  }
  console.log(JSON.stringify({ count: done, seconds: (performance.now() - began) / 1000 }))
  return queue.close()
}

async function work () {
  const record = { runs: 0, first: null, delays: [] }
  const worker = new Worker('bench', async job => {
    const moment = now()
    record.runs++
    record.first ??= moment
    if (job.data.sent_at) record.delays.push(moment - job.data.sent_at)
    if (job.data.sleep_ms) await pause(job.data.sleep_ms)
  }, { connection, concurrency: CONCURRENCY })
  worker.on('error', error => console.error(error.message))
  const path = `${process.env.BENCH_RECORDS}/${process.pid}.json`
  let written = 0
  setInterval(() => {
    if (record.runs === written) return
    written = record.runs
    writeFileSync(`${path}.draft`, JSON.stringify(record))
    renameSync(`${path}.draft`, path)
  }, WRITE_EVERY_MS)
  process.on('SIGTERM', () => worker.close().then(() => process.exit(0)))
}

const [command, mode, ...numbers] = process.argv.slice(2)
if (command === 'work') await work()
else await produce(mode, ...numbers.map(Number))
