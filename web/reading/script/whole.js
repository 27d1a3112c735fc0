// The whole book is fetched quietly, once the first page stands: from here to the
// end, what lies before, the styles, the letters and the pictures.
const $ = id => document.getElementById(id)

const drawer = 'lidwoord-lezer-geladen'
function first() {
  try {
    const told = sessionStorage.getItem(drawer)
    sessionStorage.setItem(drawer, 'ja')
    return !told
  } catch { return true } // a private window keeps nothing
}

function wanted(view, sizes) {
  const { sections, resources } = view.book
  const now = view.renderer.getContents()[0]?.index ?? 0
  const text = sections.map(s => s.id)
  const others = resources.manifest.filter(f => !text.includes(f.href))
  const kind = type => others.filter(f => type.test(f.mediaType)).map(f => f.href)
  const order = [...text.slice(now), ...text.slice(0, now), ...kind(/css/), ...kind(/font/), ...kind(/svg|image/), ...others.map(f => f.href)]
  return [...new Set(order)].filter(name => name in sizes)
}

// fetchQuietly fetches files of the book in view, unless this browser saves data;
// then its reader may ask. The words come from the data of room. That the whole book
// is here is told once in a session: the tick in the foot says it from then on.
export function fetchQuietly(view, files, room, tell) {
  const say = room.dataset
  function all() {
    let again
    $('laad-alles').onclick = () => again?.()
    files.all(wanted(view, files.sizes), (state, part) => {
      $('geladen-tekst').textContent = state === 'busy' ? say.fetchBusy.replace('{0}', Math.min(99, Math.floor(part * 100)))
        : { part: say.fetchPart, large: say.fetchLarge, whole: say.fetchWhole }[state]
      $('laad-alles').hidden = state !== 'part'
      $('laad-alles').textContent = say.retry
      $('geladen').hidden = state !== 'whole'
      if (state === 'whole' && first()) tell(say.fetchWhole)
    }, () => new Promise(resolve => { again = resolve }))
  }
  if (!navigator.connection?.saveData) return all()
  $('geladen-tekst').textContent = say.fetchSaving
  $('laad-alles').textContent = say.fetchAll
  $('laad-alles').hidden = false
  $('laad-alles').onclick = all
}
