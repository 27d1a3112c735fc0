// Finds the element that a person means by some words. Runs inside a function.
const clean = s => (s || '').replace(/\s+/g, ' ').trim();
// What is hidden from everybody (a default button for the Enter key) is not there.
const seen = el => el.getClientRects().length > 0 && getComputedStyle(el).visibility !== 'hidden' && !el.closest('[aria-hidden=true]');
// A label may end in a remark, such as "(niet verplicht)", or a colon.
const says = (text, words) => text === words || (text.startsWith(words) && /^\s*[(:*]/.test(text.slice(words.length)));
const byID = ids => clean((ids || '').split(/\s+/).map(id => document.getElementById(id)?.textContent || '').join(' '));
const nameOf = el => clean(el.getAttribute('aria-label')) || byID(el.getAttribute('aria-labelledby')) ||
	clean(el.innerText || el.textContent) || clean(el.value) || clean(el.querySelector('img')?.alt) || clean(el.title);
const labelled = (scope, words) => [...scope.querySelectorAll('label')].filter(l => l.control && (says(clean(l.innerText || l.textContent), words) || clean(l.querySelector('strong')?.innerText) === words)).map(l => l.control)
	.concat([...scope.querySelectorAll('input, select, textarea, [contenteditable]')].filter(e => says(clean(e.getAttribute('aria-label')) || byID(e.getAttribute('aria-labelledby')), words)));

function seek(kind, words) {
	let found = [];
	if (kind === 'field') {
		found = labelled(document, words);
	} else if (kind === 'answer') {
		const [question, answer] = words.split('\n');
		const groups = [...document.querySelectorAll('fieldset, [role=radiogroup], [role=group]')].filter(g =>
			says(clean(g.querySelector('legend')?.innerText) || clean(g.getAttribute('aria-label')) || byID(g.getAttribute('aria-labelledby')), question));
		found = groups.flatMap(g => labelled(g, answer));
	} else {
		const all = [...document.querySelectorAll('button, a[href], summary, input[type=submit], input[type=button], [role=button], [role=menuitem], [role=tab]')];
		found = all.filter(e => nameOf(e) === words);
		if (!found.some(seen)) found = all.filter(e => says(nameOf(e), words));
	}
	found = [...new Set(found)];
	// A radio or tick box may be drawn by its label; the label is what shows.
	const visible = found.filter(e => seen(e) || (e.labels && [...e.labels].some(seen)));
	if (visible.length === 1) return visible[0];
	if (visible.length > 1 && kind === 'press') {
		// The same link twice on a page (above and below a list) is one link to a person.
		if (visible.every(e => e.href && e.href === visible[0].href)) return visible[0];
	}
	const there = [...document.querySelectorAll('label, legend, button, a[href], summary')].filter(seen).map(nameOf).join(' | ');
	throw new Error((visible.length ? visible.length + ' times ' : 'no visible ') + kind + ' "' + words.replace('\n', ' → ') + '"; the page has: ' + there);
}
