// Searching in the book. The text is read part by part; what is found shows at
// once, and a new search ends the one before.
const most = 200

//   form  with one field
//   list  <ol> for what is found, with the words in data-found, data-none, data-many, data-partly
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
    let found = 0
    try {
      for await (const result of view.search({ query, defaultLocale: view.language?.canonical ?? 'nl' })) {
        if (mine !== turn) return
        if (!result.subitems) continue
        if (result.label) list.append(text('li', result.label.trim(), 'lezer__part'))
        for (const item of result.subitems.slice(0, most - found)) list.append(line(item))
        found += result.subitems.length
        if (found >= most) break
      }
    } catch { // a part that is not here, and no connection
      if (mine === turn) say.textContent = words.partly
      return
    }
    say.textContent = !found ? words.none : (found >= most ? words.many : words.found).replace('{0}', Math.min(found, most))
  })
}
