// Reads our feeds with r2-opds-js, the parser of Thorium Reader: browse, borrow, shelf.
// Arguments: address of the door, name and password of an app.
import { createRequire } from "node:module"
import assert from "node:assert/strict"

const need = createRequire(process.env.LIDWOORD_R2_OPDS + "/x.js")
const at = "r2-opds-js/dist/es8-es2017/src/opds/"
need(at + "init-globals").initGlobalConverters_OPDS()
need("r2-shared-js/dist/es8-es2017/src/init-globals").initGlobalConverters_GENERIC()
const { TaJsonDeserialize } = need("r2-lcp-js/dist/es8-es2017/src/serializable")
const { XML } = need("r2-utils-js/dist/es8-es2017/src/_utils/xml-js-mapper")
const { DOMParser } = need("@xmldom/xmldom")
const { OPDSFeed } = need(at + "opds2/opds2")
const { OPDSPublication } = need(at + "opds2/opds2-publication")
const { OPDSAuthenticationDoc } = need(at + "opds2/opds2-authentication-doc")
const { OPDS } = need(at + "opds1/opds")
const { convertOpds1ToOpds2 } = need(at + "converter")

const [, , door, name, password] = process.argv
const Authorization = "Basic " + Buffer.from(`${name}:${password}`).toString("base64")
const json = async (url, headers = {}, status = 200) => {
	const res = await fetch(url, { headers })
	assert.equal(res.status, status, url)
	return res.json()
}
const rels = links => links.flatMap(l => l.Rel ?? [])

const start = TaJsonDeserialize(await json(door + "/v2/"), OPDSFeed)
assert.ok(start.Groups.length > 0 && start.Navigation.length > 3 && rels(start.Links).includes("http://opds-spec.org/shelf"))
const search = start.Links.find(l => rels([l]).includes("search"))
assert.ok(search.Templated)
const found = TaJsonDeserialize(await json(search.Href.replace("{?query}", "?query=pluis")), OPDSFeed)
assert.equal(found.Publications.length, 1)
assert.ok(found.Facets.length > 0)
const book = found.Publications[0]
assert.equal(book.Metadata.Title, "Pluis en de maan")
assert.ok(book.Metadata.Author[0].Name)
const borrow = book.Links.find(l => rels([l]).includes("http://opds-spec.org/acquisition/borrow"))
assert.equal(borrow.Properties.Availability.State, "available")
assert.equal(borrow.Properties.IndirectAcquisitions[0].TypeAcquisition, "application/epub+zip")

// Thorium follows the link, is refused, and shows a form by the document that comes with it.
const way = TaJsonDeserialize(await json(borrow.Href, {}, 401), OPDSAuthenticationDoc)
assert.deepEqual(way.Authentication.map(a => a.Type), ["http://opds-spec.org/auth/basic", "http://opds-spec.org/auth/oauth/authorization-code-pkce"])
assert.equal(way.Authentication[0].Labels.Login, "Naam voor apps")
const pkce = way.Authentication[1]
assert.equal(pkce.AdditionalJSON.client_id, "apps")
assert.ok(["authenticate", "token", "http://opds-spec.org/auth/oauth/token", "refresh"].every(r => rels(pkce.Links).includes(r)))

const lent = TaJsonDeserialize(await json(borrow.Href, { Authorization }), OPDSPublication)
const file = lent.Links.find(l => rels([l]).includes("http://opds-spec.org/acquisition") && l.TypeLink === "application/epub+zip")
assert.ok(file.Properties.Availability.Until > file.Properties.Availability.Since)
assert.ok(rels(lent.Links).includes("http://librarysimplified.org/terms/rel/revoke"))
const shelf = TaJsonDeserialize(await json(door + "/v2/shelf", { Authorization }), OPDSFeed)
assert.equal(shelf.Publications.length, 1)
const revoke = lent.Links.find(l => rels([l]).includes("http://librarysimplified.org/terms/rel/revoke"))
assert.equal((await fetch(revoke.Href, { headers: { Authorization } })).status, 200)
assert.ok(!TaJsonDeserialize(await json(door + "/v2/shelf", { Authorization }), OPDSFeed).Publications?.length)

// The old form, which it turns into the new one.
const atom = async path => convertOpds1ToOpds2(XML.deserialize(new DOMParser().parseFromString(await (await fetch(door + path, { headers: { Authorization } })).text(), "application/xml"), OPDS))
const old = await atom("/v1/")
assert.ok(old.Navigation.length > 5)
const list = await atom("/v1/titles?query=pluis")
assert.equal(list.Publications[0].Metadata.Title, "Pluis en de maan")
assert.ok(list.Publications[0].Links.some(l => rels([l]).includes("http://opds-spec.org/acquisition/borrow")))
assert.ok(list.Facets.length > 0)
console.log("read by Thorium's parser")
