// Reads our feeds as Foliate does, in a page of another site. window.door and
// window.title say where.
import { getFeed, getPublication, getOpenSearch, isOPDSCatalog, REL } from "/opds.js"

const read = async (path, headers) => {
	const res = await fetch(window.door + path, { headers })
	return { type: res.headers.get("content-type"), text: await res.text() }
}
const parse = text => new DOMParser().parseFromString(text, "application/xml")
const want = (ok, what) => { if (!ok) throw new Error(what) }

const run = async () => {
	const start = await read("/v1/")
	want(isOPDSCatalog(start.type), "the start is no catalogue: " + start.type)
	const first = getFeed(parse(start.text))
	want(first.navigation.length > 5, "ways on: " + JSON.stringify(first))
	const feed = getFeed(parse((await read("/v1/titles?query=pluis")).text))
	want(feed.publications?.length === 1, "found: " + JSON.stringify(feed))
	const book = feed.publications[0]
	want(book.metadata.title === "Pluis en de maan" && book.metadata.author[0].name, "the book: " + JSON.stringify(book))
	const rels = book.links.flatMap(l => l.rel ?? [])
	want(rels.includes(REL.ACQ) && rels.includes(REL.ACQ + "/borrow"), "ways to get it: " + rels)
	want(feed.facets.length > 2, "facets: " + JSON.stringify(feed.facets))
	want(feed.facets.every(f => f.links.filter(l => [l.rel].flat().includes("self")).length === 1), "one active facet: " + JSON.stringify(feed.facets))
	const entry = await read("/v1/titles/" + window.title)
	want(getPublication(parse(entry.text).documentElement).metadata.title === "Pluis en de maan", "the entry")
	const search = getOpenSearch(parse((await read("/search.xml")).text))
	const address = search.search(new Map([[null, new Map([["searchTerms", "pluis"]])]]))
	want(getFeed(parse(await (await fetch(address)).text())).publications.length === 1, "search: " + address)
	const shelf = await read("/v1/shelf", { Authorization: window.authorization })
	want(!getFeed(parse(shelf.text)).publications?.length && !getFeed(parse(shelf.text)).navigation?.length, "an empty shelf: " + shelf.text)
	return "read by Foliate's parser"
}
window.result = run().catch(e => "failed: " + e.stack)
