// How the book looks: settings that stay in this browser, and the styles that
// come of them.
const usual = { size: 100, theme: 'volg', font: 'boek', line: 150, letter: 0, margins: 'gewoon', columns: '1', flow: 'paginated', justify: false }
const drawer = 'lidwoord-lezer'
const themes = { licht: ['#fffdf8', '#1c1b19', '#0b4f5c'], sepia: ['#f4ecd8', '#43341f', '#7a3b00'], donker: ['#16191b', '#d8d4cb', '#8cc7d2'] }
const book = '"Charter", "Bitstream Charter", "Sitka Text", Georgia, serif'
const fonts = { boek: 'inherit', schreef: '"Charter", "Bitstream Charter", "Georgia", serif', schreefloos: '"Segoe UI", "Noto Sans", "Helvetica Neue", Arial, sans-serif', dyslexie: '"Lidwoord Dyslexie", "OpenDyslexic", "Comic Sans MS", "Comic Neue", sans-serif' }
const widths = { smal: [860, 4], gewoon: [660, 6], ruim: [500, 12] } // of a column at most in pixels, and of the gap in per cent

const dark = matchMedia('(prefers-color-scheme: dark)')
const smallest = 70, largest = 260

function kept() {
  try { return JSON.parse(localStorage.getItem(drawer)) ?? {} } catch { return {} }
}

// dresser dresses view, and the form with the settings.
//   room  the element that knows where the letters for dyslexia are
export function dresser(view, room, form) {
  const settings = { ...usual, ...kept() }
  const theme = () => settings.theme in themes ? settings.theme : dark.matches ? 'donker' : 'licht'

  // The frame of the book may load nothing from an address, so its letters are
  // fetched here, once somebody wants them.
  const faces = []
  async function fetchFaces() {
    if (settings.font !== 'dyslexie' || faces.length || !room.dataset.fonts) return
    faces.push('')
    const face = async (weight, style) => {
      const answer = await fetch(`${room.dataset.fonts}opendyslexic-latin-${weight}-${style}.woff2`)
      if (answer.ok) faces.push(`@font-face { font-family: "Lidwoord Dyslexie"; font-weight: ${weight}; font-style: ${style}; src: url(${URL.createObjectURL(await answer.blob())}) format("woff2") }`)
    }
    await Promise.all([face(400, 'normal'), face(700, 'normal'), face(400, 'italic'), face(700, 'italic')]).catch(() => { faces.length = 0 })
    dress()
  }

  const css = () => {
    const [paper, ink, link] = themes[theme()]
    const font = fonts[settings.font] ?? 'inherit'
    const letter = settings.letter > 0 ? `body, body * { letter-spacing: ${settings.letter / 100}em !important; word-spacing: ${settings.letter * 2.5 / 100}em !important; }` : ''
    return `${faces.join('\n')}
      html { touch-action: manipulation; font-size: ${settings.size * 1.15}%; color: ${ink}; background: ${paper}; --theme-bg-color: ${paper}; color-scheme: ${theme() === 'donker' ? 'dark' : 'light'}; }
      body { color: ${ink} !important; background: ${paper} !important; }
      ${theme() === 'donker' ? `body *:not(a, a *, img, svg, svg *, mark) { color: inherit !important; background-color: transparent !important; border-color: currentColor; }` : ''}
      ${font === 'inherit' ? `html { font-family: ${book}; }` : `body, body *:not(pre, pre *, code, code *) { font-family: ${font} !important; }`}
      p, li, blockquote, dd { line-height: ${settings.line / 100} !important; hyphens: auto; overflow-wrap: break-word; ${settings.justify ? 'text-align: justify;' : 'text-align: start;'} }
      ${letter}
      a:any-link { color: ${link}; }
      :focus-visible { outline: 3px solid ${link}; outline-offset: 2px; }
      img, svg { max-width: 100%; }`
  }

  function dress() {
    document.documentElement.dataset.theme = theme()
    const { renderer } = view
    if (renderer) {
      const [width, gap] = widths[settings.margins] ?? widths.gewoon
      const wanted = { flow: settings.flow, 'max-inline-size': width + 'px', gap: gap + '%', 'max-column-count': settings.columns, margin: '32px' }
      for (const [name, value] of Object.entries(wanted)) if (renderer.getAttribute(name) !== value) renderer.setAttribute(name, value)
      renderer.setStyles?.(css())
    }
    form.querySelector('output').textContent = settings.size + ' %'
    for (const input of form.querySelectorAll('input, select')) {
      if (input.type === 'radio') input.checked = settings[input.name] === input.value
      else if (input.type === 'checkbox') input.checked = settings[input.name]
      else if (input.name in settings) input.value = settings[input.name]
    }
  }
  function set(name, value) {
    settings[name] = value
    try { localStorage.setItem(drawer, JSON.stringify(settings)) } catch { /* a private window keeps nothing */ }
    dress()
    fetchFaces()
  }
  form.addEventListener('change', ({ target }) => {
    if (target.name) set(target.name, target.type === 'range' ? Number(target.value) : target.type === 'checkbox' ? target.checked : target.value)
  })
  dark.addEventListener('change', dress)
  document.documentElement.dataset.theme = theme()
  return {
    dress: () => { dress(); fetchFaces() },
    bigger: by => set('size', Math.min(largest, Math.max(smallest, settings.size + by))),
    usual: () => { Object.assign(settings, usual); set('size', usual.size) },
    paginated: () => settings.flow !== 'scrolled',
  }
}
