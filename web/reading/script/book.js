// The book's files, from an address that answers only during the loan. They are
// kept in the memory of this page and nowhere else: what lay in a store of the
// browser could be read there after the loan, by whoever sits at this computer then.
const most = 32 << 20 // bytes
const last = 3 // of what no longer fits, so many are kept

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const online = () => new Promise(resolve => addEventListener('online', resolve, { once: true }))

//   refused  is called when the loan is over, or nobody is signed in
export function bookAt(base, refused) {
  const kept = new Map(), extra = new Set()
  let room = most, shut = false
  const coming = new Map(), lost = new Set()
  const address = name => base + name.split('/').map(encodeURIComponent).join('/')

  // One attempt. It fails without a connection, and with what the server refuses.
  async function ask(name) {
    const answer = await fetch(address(name), { cache: 'no-store' })
    if (answer.status === 401 || answer.status === 403) refused()
    if (answer.status === 404) lost.add(name)
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`)
    const bytes = await answer.arrayBuffer()
    if (shut) throw new Error('the book is closed')
    if (bytes.byteLength <= room) room -= bytes.byteLength
    else {
      extra.add(name)
      for (const old of extra) if (extra.size > last) { extra.delete(old); kept.delete(old) }
    }
    kept.set(name, bytes)
    return bytes
  }
  async function get(name) {
    if (shut) throw new Error('the book is closed')
    if (kept.has(name)) return kept.get(name)
    if (!coming.has(name)) coming.set(name, ask(name).finally(() => coming.delete(name)))
    return coming.get(name)
  }
  const sizes = {}

  return {
    sizes, // of all its files, by name, after open
    open: async () => Object.assign(sizes, JSON.parse(new TextDecoder().decode(await get('lidwoord-sizes.json')))),
    get,
    has: name => kept.has(name) || lost.has(name),
    // Fetches these files, one at a time, and waits for a connection when there is
    // none. said is called with 'busy' and how far it is, 'part', 'large' or 'whole'.
    async all(names, said, again) {
      const total = names.reduce((sum, name) => sum + (sizes[name] ?? 0), 0) || 1
      let done = 0, large = false
      for (const name of names) {
        const size = sizes[name] ?? 0
        while (!shut && !kept.has(name) && !lost.has(name)) {
          if (size > room) { large = true; break }
          try { await get(name) } catch {
            if (shut || lost.has(name)) break
            said('part')
            await Promise.race([online(), again(), pause(30000)])
          }
        }
        if (shut) return
        said('busy', (done += size) / total)
      }
      said(large ? 'large' : 'whole')
    },
    // Nothing of the book stays.
    shut() {
      shut = true
      kept.clear()
      extra.clear()
    },
  }
}
