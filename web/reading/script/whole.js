// The whole book is fetched quietly, once the first page stands: from here to the
// end, what lies before, the styles, the letters and the pictures.
const $ = id => document.getElementById(id)

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
// then its reader may ask. The words come from the data of room.
export function fetchQuietly(view, files, room) {
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
    }, () => new Promise(resolve => { again = resolve }))
  }
  if (!navigator.connection?.saveData) return all()
  $('geladen-tekst').textContent = say.fetchSaving
  $('laad-alles').textContent = say.fetchAll
  $('laad-alles').hidden = false
  $('laad-alles').onclick = all
}
