// Searching in the book. The text is read part by part; what is found shows at
// once, and a new search ends the one before.
const most = 200

//   form  with one field
//   list  <ol> for what is found, with the words in data-found, data-none, data-many, data-partly, data-meant
//   say   element that says how much was found
//   go    goes to a CFI
export function finder(view, { form, list, say, go }) {
  let turn = 0
  const words = list.dataset
  const text = (tag, content, klass) => {
    const e = document.createElement(tag)
    e.textContent = content
    if (klass) e.className = klass
    return e
  }
  const line = ({ cfi, excerpt }) => {
    const li = document.createElement('li')
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'ob-mark__go'
    const at = text('span', '', 'ob-mark__words')
    at.append(excerpt.pre, text('mark', excerpt.match), excerpt.post)
    button.append(at)
    button.addEventListener('click', () => go(cfi))
    li.append(button)
    return li
  }
  form.addEventListener('submit', async event => {
    event.preventDefault()
    const mine = ++turn
    const query = form.querySelector('input').value.trim()
    list.replaceChildren()
    say.textContent = ''
    view.clearSearch()
    if (!query) return
    say.textContent = '…'
    let found = 0, meant = null
    const look = async query => {
      for await (const result of view.search({ query, defaultLocale: view.language?.canonical ?? 'nl' })) {
        if (mine !== turn) return
        if (!result.subitems) continue
        if (result.label) list.append(text('li', result.label.trim(), 'lezer__part'))
        for (const item of result.subitems.slice(0, most - found)) list.append(line(item))
        found += result.subitems.length
        if (found >= most) break
      }
    }
    try {
      await look(query)
      if (!found && mine === turn && (meant = guess(query, await wordsOf(view.book)))) await look(meant)
    } catch { // a part that is not here, and no connection
      if (mine === turn) say.textContent = words.partly
      return
    }
    if (mine !== turn) return
    const count = (found >= most ? words.many : words.found).replace('{0}', Math.min(found, most))
    say.textContent = !found ? words.none : meant ? words.meant.replace('{0}', meant) + ' ' + count : count
  })
}

// What was meant by a query that is not in the book: every word that the book does
// not have becomes the word of the book that is one typing mistake away, the one that
// stands there most. Null when there is none.
const letters = /\p{L}[\p{L}\p{M}]*/gu
const shortest = 4 // of shorter words everything is one mistake away
const fold = word => word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

async function wordsOf(book) {
  const count = new Map() // a word as it stands there, folded, and how often
  for (const section of book.sections) {
    const doc = await section.createDocument?.()
    for (const word of doc?.body?.textContent.match(letters) ?? []) count.set(word, (count.get(word) ?? 0) + 1)
  }
  const all = new Map()
  for (const [word, n] of count) {
    const key = fold(word), has = all.get(key)
    all.set(key, { word: has && has.most >= n ? has.word : word, most: Math.max(n, has?.most ?? 0), n: n + (has?.n ?? 0) })
  }
  return all
}
function guess(query, all) {
  const meant = query.replace(letters, typed => {
    const key = fold(typed)
    if (all.has(key) || key.length < shortest) return typed
    let best = null
    for (const [word, has] of all) if ((!best || has.n > best.n) && near(key, word)) best = has
    return best?.word ?? typed
  })
  return meant === query ? null : meant
}
// near says whether one letter more, less or other, or two that changed places, makes b of a.
function near(a, b) {
  if (Math.abs(a.length - b.length) > 1) return false
  let i = 0, end = 0
  while (i < a.length && a[i] === b[i]) i++
  while (end < Math.min(a.length, b.length) - i && a.at(-1 - end) === b.at(-1 - end)) end++
  const x = a.slice(i, a.length - end), y = b.slice(i, b.length - end)
  return x.length <= 1 && y.length <= 1 || x.length === 2 && x === y[1] + y[0]
}
