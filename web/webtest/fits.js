// What a person who reads large letters, or has a small window, cannot reach, read
// or hit. Runs inside a function that knows slides (elements that slide sideways on
// purpose), large (where everything one taps is 44 pixels), and returns a list.
const wrong = [];
const scope = document.querySelector('dialog[open]') ?? document.body;
const say = (e, what) => wrong.push(what + ': ' + e.outerHTML.replace(/\s+/g, ' ').slice(0, 110));
const hidden = e => !e.checkVisibility({checkVisibilityCSS: true}) || !e.getClientRects().length || e.closest('.lw-hidden, .lw-cards thead, .lezer__word, .utrecht-skip-link, [inert]') && getComputedStyle(e.closest('.lw-hidden, .lw-cards thead, .lezer__word, .utrecht-skip-link, [inert]')).position === 'absolute';
const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
// What a clamp leaves out has a place of its own, but nobody sees it.
const shown = (e, line) => { for (let up = e; up && up !== document.body; up = up.parentElement) if (/hidden|clip/.test(getComputedStyle(up).overflowY) && line.top + 4 > up.getBoundingClientRect().bottom) return false; return true };
const lines = e => [...e.childNodes].filter(n => n.nodeType === 3 && n.data.trim()).flatMap(n => { const r = document.createRange(); r.selectNodeContents(n); return [...r.getClientRects()] }).filter(b => b.width > 1 && shown(e, b));
const drawn = [...scope.querySelectorAll('*')].filter(e => !hidden(e) && !e.closest('svg svg, svg > *'));
const sideways = b => b.right > innerWidth + 1 || b.left < -1;

// Sideways: no element and no word leaves the window, and nothing has to be pushed.
for (const e of drawn) {
	const style = getComputedStyle(e);
	if (e.closest(slides)) continue;
	if (sideways(e.getBoundingClientRect()) || lines(e).some(sideways)) say(e, 'sticks out');
	else if (/auto|scroll/.test(style.overflowX) && e.scrollWidth > e.clientWidth + 1) say(e, 'must be pushed sideways');
}
if (document.scrollingElement.scrollWidth > innerWidth) wrong.push('the page scrolls sideways by ' + (document.scrollingElement.scrollWidth - innerWidth));

// Targets: 24 pixels each way, 44 where one reads and listens. A link among the
// words of a sentence is as high as its line (WCAG 2.5.8 lets it be).
const targets = drawn.filter(e => e.matches('a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button]'));
for (const e of targets) {
	const label = e.matches('[type=radio], [type=checkbox]') && e.closest('label');
	const box = (label || e).getBoundingClientRect(), least = e.closest(large) ? 44 : 24;
	const sentence = getComputedStyle(e).display === 'inline' && e.parentElement.innerText.trim().length > e.innerText.trim().length;
	if (!sentence && Math.min(box.width, box.height) < least - .5) say(e, `${Math.round(box.width)} × ${Math.round(box.height)} is hard to hit`);
	if (!e.matches('.ob-slide *, input') && e.matches('button, .utrecht-button') && lines(e).some(b => b.right > box.right + 2 || b.left < box.left - 2 || b.bottom > box.bottom + 4 || b.top < box.top - 4)) say(e, 'its words stand outside it');
}

// Words: none cut off for good, and none on top of others. What a link says shorter
// its page says in full, and a panel the rest; a drawn cover repeats the name beside it.
for (const e of drawn) {
	const style = getComputedStyle(e);
	if (!/hidden|clip/.test(style.overflowX + style.overflowY) || !e.innerText?.trim() || e.closest('a[href], [aria-hidden=true]')) continue;
	if ([...document.querySelectorAll('dialog')].some(d => d.textContent.includes(e.innerText.trim().replace(/^\d+ % · /, '')))) continue;
	if (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 2) say(e, 'cuts its words');
}
const words = drawn.filter(e => own(e) && !e.closest('foliate-view, option, [aria-hidden=true]')).flatMap(e => lines(e).map(b => ({e, l: b.left + 1, r: b.right - 1, t: b.top + b.height * .3, b: b.bottom - b.height * .3})));
for (let i = 0; i < words.length; i++)
	for (let j = i + 1; j < words.length; j++) {
		const a = words[i], b = words[j];
		if (a.e !== b.e && a.l < b.r && b.l < a.r && a.t < b.b && b.t < a.b) { say(a.e, 'lies on ' + b.e.innerText.trim().slice(0, 30)); break }
	}

// The head of a page leaves the page room.
for (const e of document.querySelectorAll('.lw-header, .lezer__bar')) {
	const high = e.getBoundingClientRect().height;
	if (high > innerHeight / 3) wrong.push(`the header takes ${Math.round(high)} of ${innerHeight} pixels`);
}
for (const e of document.querySelectorAll('.lezer__page, .lezer__sheet')) {
	const high = e.getBoundingClientRect().height;
	if (high && high < innerHeight / 2) wrong.push(`the page of the book has ${Math.round(high)} of ${innerHeight} pixels`);
}
return wrong;
