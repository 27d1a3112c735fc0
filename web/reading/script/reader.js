// The comfortable reader: pages to turn, letters to enlarge, a place that is kept.
// The book itself runs nothing (see the page's policy in web/reading/read.go);
// everything here is ours. Without this file the plain chapter view does the work.
import 'foliate-js/view.js'
import { EPUB } from 'foliate-js/epub.js'

const room = document.getElementById('lezer')
const say = room.dataset
const $ = id => document.getElementById(id)

// What the book may load and run inside its frame: nothing from elsewhere and no
// script. The page's own policy says so too; this is the wall behind the wall.
const policy = "default-src 'none'; script-src 'none'; img-src blob: data:; style-src blob: 'unsafe-inline'; font-src blob: data:; media-src blob:"
const walled = text => {
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}"/>`
  return /<head[\s>]/.test(text) ? text.replace(/<head([^>]*)>/, `<head$1>${meta}`) : text.replace(/<html([^>]*)>/, `<html$1><head>${meta}</head>`)
}

// The book's files, from an address that answers only during the loan.
const sizes = await (await fetch(say.book + 'lidwoord-sizes.json')).json()
const address = name => say.book + name.split('/').map(encodeURIComponent).join('/')
const load = async name => {
  if (!(name in sizes)) return null
  const answer = await fetch(address(name))
  if (answer.ok) return answer
  if (answer.status === 401 || answer.status === 403) over()
  throw new Error(`${name}: ${answer.status}`)
}
const loader = {
  loadText: async name => (await load(name))?.text() ?? null,
  loadBlob: async name => (await load(name))?.blob() ?? null,
  getSize: name => sizes[name] ?? 0,
}

// Settings stay in this browser.
const usual = { size: 100, theme: 'licht', font: 'boek', line: 150, flow: 'paginated' }
const settings = { ...usual, ...JSON.parse(localStorage.getItem('lidwoord-lezer') ?? '{}') }
const themes = { licht: ['#fffdf8', '#1c1b19', '#0b4f5c'], sepia: ['#f4ecd8', '#43341f', '#7a3b00'], donker: ['#16191b', '#d8d4cb', '#8cc7d2'] }
const fonts = { boek: 'inherit', schreef: '"Charter", "Bitstream Charter", "Georgia", serif', schreefloos: '"Segoe UI", "Noto Sans", "Helvetica Neue", Arial, sans-serif', dyslexie: '"OpenDyslexic", "Comic Sans MS", "Comic Neue", sans-serif' }

const css = () => {
  const [paper, ink, link] = themes[settings.theme] ?? themes.licht
  const font = fonts[settings.font] ?? 'inherit'
  return `
    html { font-size: ${settings.size * 1.15}%; color: ${ink}; background: ${paper}; --theme-bg-color: ${paper}; }
    body { color: ${ink} !important; background: ${paper} !important; }
    ${font === 'inherit' ? 'html { font-family: "Charter", "Bitstream Charter", "Sitka Text", Georgia, serif; }' : `body, body * { font-family: ${font} !important; }`}
    p, li, blockquote, dd { line-height: ${settings.line / 100}; hyphens: auto; overflow-wrap: break-word; }
    a:any-link { color: ${link}; }
    img, svg { max-width: 100%; }`
}

const view = document.createElement('foliate-view')
view.setAttribute('aria-label', say.title)
$('blad').append(view)

function dress() {
  document.documentElement.dataset.theme = settings.theme
  view.renderer?.setAttribute('flow', settings.flow)
  view.renderer?.setStyles?.(css())
  $('grootte').textContent = settings.size + ' %'
  for (const input of document.querySelectorAll('#weergave input, #weergave select'))
    if (input.type === 'radio') input.checked = settings[input.name] === input.value
    else if (input.name in settings) input.value = settings[input.name]
}
function set(name, value) {
  settings[name] = value
  localStorage.setItem('lidwoord-lezer', JSON.stringify(settings))
  dress()
}

// The place: kept on the server a moment after each page, and when leaving.
let place, timer, saved
function keep(leaving) {
  clearTimeout(timer)
  if (!place || place.fragment === saved) return
  saved = place.fragment
  const body = new URLSearchParams(place)
  if (leaving && navigator.sendBeacon) navigator.sendBeacon(say.save, body)
  else fetch(say.save, { method: 'POST', body, headers: { Accept: 'application/json' } }).then(a => { if (a.status === 401 || a.status === 403) over() }).catch(() => { saved = undefined })
}
addEventListener('pagehide', () => keep(true))
document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') keep(true) })

function over() {
  $('melding').hidden = false
  $('melding').focus()
}

// Keys: also those that are pressed inside the book.
function key(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.('input, select, textarea')) return
  const panel = document.querySelector('dialog[open]')
  if (panel) return
  const button = event.target.closest?.('button, a')
  switch (event.key) {
    case 'ArrowLeft': turn('goLeft'); break
    case 'ArrowRight': turn('goRight'); break
    case 'PageUp': turn('prev'); break
    case 'PageDown': turn('next'); break
    case ' ': if (button) return; turn(event.shiftKey ? 'prev' : 'next'); break
    case 'Home': view.goTo(0); break
    case '+': case '=': bigger(10); break
    case '-': bigger(-10); break
    case 'i': case 'c': show('inhoudsopgave'); break
    default: return
  }
  event.preventDefault()
}
document.addEventListener('keydown', key)
// Who steers with the keyboard sees a line around the book when the focus is in it.
const keys = event => { if (event.key === 'Tab') room.dataset.keys = 'true' }
const noKeys = () => { delete room.dataset.keys }
document.addEventListener('keydown', keys)
document.addEventListener('pointerdown', noKeys)
const bigger = by => set('size', Math.min(260, Math.max(70, settings.size + by)))

function show(id) {
  const dialog = $(id)
  dialog.showModal()
  dialog.querySelector('[aria-current]')?.scrollIntoView({ block: 'center' })
}
for (const button of document.querySelectorAll('[data-show]')) button.addEventListener('click', () => show(button.dataset.show))
for (const dialog of document.querySelectorAll('dialog')) {
  dialog.addEventListener('click', e => { if (e.target === dialog || e.target.closest('[data-close]')) dialog.close() })
  // Opened by a key inside the book, it gives the focus back to nobody.
  dialog.addEventListener('close', () => requestAnimationFrame(() => {
    const focused = document.activeElement
    if (focused === document.body || dialog.contains(focused)) view.renderer?.focusView()
  }))
}
$('kleiner').addEventListener('click', () => bigger(-10))
$('groter').addEventListener('click', () => bigger(10))
$('weergave').addEventListener('change', e => { if (e.target.name) set(e.target.name, e.target.type === 'range' ? Number(e.target.value) : e.target.value) })
$('vorige').addEventListener('click', () => turn('goLeft'))
$('volgende').addEventListener('click', () => turn('goRight'))
$('voortgang').addEventListener('change', e => view.goToFraction(e.target.value / 1000))

// The table of contents comes from the server as a list of links; here the links
// turn pages instead of loading them.
const entries = [...document.querySelectorAll('#inhoudsopgave a[data-href]')]
for (const a of entries) a.addEventListener('click', async e => {
  e.preventDefault()
  $('inhoudsopgave').close()
  await settle()
  await view.goTo(a.dataset.href)
  view.renderer.focusView() // a screen reader goes on where the chapter begins
})

// When the window changes its size (a phone that is turned), foliate-js 1.0.1 may
// end up on the empty sheet beside the text. So we note where the reader was and
// go there again when the size has come to rest.
let hold, rest
async function settle() {
  clearTimeout(rest)
  if (!hold) return
  const to = view.resolveNavigation(hold)
  hold = undefined
  await view.renderer.goTo(to)
}
addEventListener('resize', () => {
  hold ??= place?.fragment
  clearTimeout(rest)
  rest = setTimeout(settle, 100)
  requestAnimationFrame(() => requestAnimationFrame(() => hold && view.renderer.goTo(view.resolveNavigation(hold))))
})
const turn = async how => { await settle(); await view[how]() }

let last
view.addEventListener('load', ({ detail: { doc } }) => {
  // A frame without a name is a riddle for a screen reader.
  const frame = doc.defaultView?.frameElement
  if (frame) frame.title = say.title
  doc.addEventListener('keydown', key)
  doc.addEventListener('keydown', keys)
  doc.addEventListener('pointerdown', noKeys)
  delete room.dataset.inside
  doc.defaultView?.addEventListener('focus', () => { room.dataset.inside = 'true' })
  doc.defaultView?.addEventListener('blur', () => { delete room.dataset.inside })
})
view.addEventListener('external-link', e => {
  e.preventDefault()
  if (/^https?:/.test(e.detail.href) && confirm(say.leave.replace('{0}', e.detail.href))) open(e.detail.href, '_blank', 'noopener,noreferrer')
})
view.addEventListener('relocate', ({ detail }) => {
  const { fraction, tocItem, cfi, section } = detail
  const percent = Math.round((fraction ?? 0) * 100)
  $('voortgang').value = Math.round((fraction ?? 0) * 1000)
  $('voortgang').setAttribute('aria-valuetext', percent + ' %')
  $('plek').textContent = [percent + ' %', tocItem?.label?.trim()].filter(Boolean).join(' · ')
  const here = tocItem ? entries.find(a => a.dataset.href === tocItem.href) ?? entries.find(a => a.textContent.trim() === tocItem.label.trim()) : null
  if (here !== last) {
    last?.removeAttribute('aria-current')
    here?.setAttribute('aria-current', 'true')
    last = here
    if (tocItem) $('stem').textContent = tocItem.label.trim()
  }
  if (hold) return
  place = { href: view.book.sections[section?.current ?? 0]?.id ?? '', fragment: cfi ?? '', total: String(Math.min(1, Math.max(0, fraction ?? 0))) }
  clearTimeout(timer)
  timer = setTimeout(keep, 1500)
})

try {
  const book = await new EPUB(loader).init()
  book.transformTarget?.addEventListener('data', ({ detail }) => {
    if (/xhtml|html/.test(detail.type)) detail.data = Promise.resolve(detail.data).then(walled)
  })
  await view.open(book)
  view.renderer.setAttribute('margin', '32px')
  view.renderer.setAttribute('gap', '6%')
  view.renderer.setAttribute('max-inline-size', '660px')
  view.renderer.setAttribute('max-column-count', '1')
  dress()
  // A place in a book that has changed since may point at nothing: then the
  // beginning of its chapter, and at worst of the book.
  const start = () => view.init({ lastLocation: say.href || null, showTextStart: !say.href })
  if (say.fragment) await view.init({ lastLocation: say.fragment }).catch(start)
  else await start()
  room.dataset.ready = 'true'
  $('bezig').hidden = true
} catch (error) {
  console.error(error)
  $('bezig').hidden = true
  $('stuk').hidden = false
}
