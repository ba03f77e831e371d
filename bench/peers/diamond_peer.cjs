// diamond-types by WebAssembly: rows 15, 16, 17 and 20. A JSON object a line in, one out.

const fs = require('fs')
const readline = require('readline')
const { Branch, OpLog } = require('diamond-types-node')

const histories = {}
const timed = (work) => {
  const begin = process.hrtime.bigint()
  work()
  return { seconds: [Number(process.hrtime.bigint() - begin) / 1e9] }
}

function type (path) {
  const { txns } = JSON.parse(fs.readFileSync(path, 'utf8'))
  const log = new OpLog()
  const updates = []
  const ends = []
  let before = log.getLocalVersion()
  for (const { author, parents, patches } of txns) {
    log.setAgent(String(author))
    let at = Uint32Array.from(parents.map((n) => ends[n]).filter((end) => end !== null))
    let end = at.length ? at[at.length - 1] : null
    for (const [position, gone, text] of patches) {
      if (gone) at = Uint32Array.of(end = log.del(position, gone, at))
      if (text) at = Uint32Array.of(end = log.ins(position, text, at))
    }
    ends.push(end)
    updates.push(log.getPatchSince(before))
    before = log.getLocalVersion()
  }
  return { updates, saved: log.toBytes() }
}

const works = {
  prepare ({ of, path }) {
    histories[of] = type(path)
    return { bytes: histories[of].saved.length }
  },
  load: ({ of }) => timed(() => Branch.all(OpLog.fromBytes(histories[of].saved)).get()),
  merge: ({ of }) => works.load({ of }),
  each: ({ of }) => timed(() => {
    const log = new OpLog()
    const text = new Branch()
    for (const update of histories[of].updates) {
      log.addFromBytes(update)
      text.merge(log)
    }
    text.get()
  })
}

async function main () {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line)
    let found
    try {
      found = works[asked.do](asked)
    } catch (error) {
      found = { error: String(error) }
    }
    process.stdout.write(JSON.stringify(found) + '\n')
  }
}

main()
