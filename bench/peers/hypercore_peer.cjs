// hypercore: rows 1, 2, 3 and 14. Blocks of 200 bytes; two cores of one process for replication.
// Node finds it through NODE_PATH. A JSON object a line in, one out.

const fs = require('fs')
const path = require('path')
const readline = require('readline')
const Hypercore = require('hypercore')

const home = process.argv[2]
const block = Buffer.alloc(200, 'x')
let serial = 0
const fresh = (key) => new Hypercore(path.join(home, `core${serial++}`), key)
const seconds = (since) => Number(process.hrtime.bigint() - since) / 1e9

let single = null
let filled = null

const works = {
  async append ({ count }) {
    if (single === null) single = fresh()
    await single.ready()
    const took = []
    for (let n = 0; n < count; n++) {
      const begin = process.hrtime.bigint()
      await single.append(block)
      took.push(seconds(begin))
    }
    return { seconds: took }
  },
  async commit ({ count }) {
    if (single === null) single = fresh()
    await single.ready()
    const blocks = new Array(count).fill(block)
    const begin = process.hrtime.bigint()
    await single.append(blocks)
    return { seconds: [seconds(begin)] }
  },
  async fill ({ count }) {
    filled = fresh()
    await filled.ready()
    for (let n = 0; n < count; n += 1000) {
      await filled.append(new Array(Math.min(1000, count - n)).fill(block))
    }
    return { length: filled.length }
  },
  async replicate () {
    const clone = fresh(filled.key)
    await clone.ready()
    const begin = process.hrtime.bigint()
    const one = filled.replicate(true)
    const other = clone.replicate(false)
    one.pipe(other).pipe(one)
    await clone.download({ start: 0, end: filled.length }).done()
    const took = seconds(begin)
    const length = clone.contiguousLength
    one.destroy()
    other.destroy()
    await clone.close()
    return { seconds: [took], length }
  },
  async size ({ count }) {
    const folder = path.join(home, `core${serial}`)
    const core = fresh()
    await core.ready()
    for (let n = 0; n < count; n += 1000) {
      await core.append(new Array(Math.min(1000, count - n)).fill(block))
    }
    await core.close()
    return { bytes: weigh(folder), bodies: count * block.length }
  }
}

function weigh (folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const place = path.join(folder, entry.name)
    return sum + (entry.isDirectory() ? weigh(place) : fs.statSync(place).size)
  }, 0)
}

async function main () {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line)
    let found
    try {
      found = await works[asked.do](asked)
    } catch (error) {
      found = { error: String(error) }
    }
    process.stdout.write(JSON.stringify(found) + '\n')
  }
  process.exit(0)
}

main()
