// Walks the whole protocol with openid-client, a relying party that shares no line
// with our provider. The browser's part is fetch with a cookie jar. What it needs
// comes as JSON on the standard input; it ends with an error at the first surprise.
import * as client from "openid-client";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));
const insecure = { execute: [client.allowInsecureRequests] }; // the test has no TLS

// browser follows redirects, signs in and consents, until it comes to `end`.
async function browse(address, end, jar) {
  let method = "GET", body, seen = [];
  for (let step = 0; step < 15; step++) {
    const url = new URL(address);
    seen.push(url.pathname);
    if (address.startsWith(end)) return { url, seen };
    const res = await fetch(url, { method, body, redirect: "manual", headers: { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join("; ") } });
    for (const c of res.headers.getSetCookie()) {
      const [name, value] = c.split(";")[0].split(/=(.*)/s);
      value ? jar.set(name, value) : jar.delete(name);
    }
    if (res.status >= 300 && res.status < 400) {
      [address, method, body] = [new URL(res.headers.get("location"), url).href, "GET", undefined];
      continue;
    }
    const page = await res.text();
    assert.equal(res.status, 200, `${url.pathname}: ${res.status} ${page.slice(0, 300)}`);
    const request = page.match(/name="verzoek" value="([A-Z0-9]+)"/)?.[1];
    assert.ok(request, `no way on from ${url.pathname}: ${page.slice(0, 300)}`);
    body = new URLSearchParams({ verzoek: request });
    if (page.includes('name="antwoord"')) {
      body.set("antwoord", "ja");
      body.set("van", page.match(/name="van" value="([^"]+)"/)?.[1] ?? ""); // whose page it was
      address = new URL("toestemming", url).href;
    } else {
      body.set("gebruikersnaam", given.username);
      body.set("wachtwoord", given.password);
    }
    method = "POST";
  }
  throw new Error("no end: " + seen.join(" "));
}

// walk signs in and returns the tokens, checked by the library.
async function walk(config, jar, parameters, build) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier(), expectedNonce = client.randomNonce(), expectedState = client.randomState();
  const address = await build(config, {
    redirect_uri: given.redirect, nonce: expectedNonce, state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: "S256", ...parameters,
  });
  const { url, seen } = await browse(address.href, given.redirect, jar);
  const tokens = await client.authorizationCodeGrant(config, url, { pkceCodeVerifier, expectedNonce, expectedState, idTokenExpected: true });
  return { tokens, seen, address };
}

// A site of somebody else with a secret: consent, refresh, claims, introspection,
// revocation, signing out.
{
  const config = await client.discovery(new URL(given.issuer), given.secret.id, given.secret.value, undefined, insecure);
  const jar = new Map();
  const claims = JSON.stringify({ userinfo: { email: null } });
  const { tokens, seen } = await walk(config, jar, { scope: "openid profile offline_access", claims }, client.buildAuthorizationUrl);
  assert.ok(seen.some((p) => p.endsWith("/toestemming")), "no consent was asked: " + seen);
  const sub = tokens.claims().sub;
  assert.equal(tokens.claims().acr, "urn:lidwoord:acr:password");
  const info = await client.fetchUserInfo(config, tokens.access_token, sub);
  assert.equal(info.preferred_username, given.username);
  assert.ok(info.email, "userinfo has no e-mail address, though it was asked by the claims parameter");
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);

  const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  assert.equal(fresh.claims().sub, sub);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  await client.tokenRevocation(config, fresh.refresh_token);
  await assert.rejects(client.fetchUserInfo(config, fresh.access_token, sub));
  assert.equal((await client.tokenIntrospection(config, fresh.access_token)).active, false);

  const again = await walk(config, jar, { scope: "openid profile", prompt: "none" }, client.buildAuthorizationUrl);
  assert.equal(again.tokens.claims().sub, sub);
  const out = client.buildEndSessionUrl(config, { id_token_hint: again.tokens.id_token, post_logout_redirect_uri: given.logout, state: "x" });
  assert.equal((await browse(out.href, given.logout, jar)).url.searchParams.get("state"), "x");
  const silent = await client.buildAuthorizationUrl(config, { redirect_uri: given.redirect, scope: "openid", prompt: "none", state: "s",
    code_challenge: await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier()), code_challenge_method: "S256" });
  assert.equal((await browse(silent.href, given.redirect, jar)).url.searchParams.get("error"), "login_required");
}

// A site that signs with its own key and must push its requests ahead, with each
// kind of key.
for (const [name, jwk] of Object.entries(given.keys)) {
  const { algorithm, id } = jwk.d && jwk.kty === "EC" ? { algorithm: { name: "ECDSA", namedCurve: "P-256" }, id: given.signing } :
    { algorithm: { name: name === "PS256" ? "RSA-PSS" : "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, id: given.signing };
  const { alg, ...bare } = jwk;
  const key = await crypto.subtle.importKey("jwk", bare, algorithm, false, ["sign"]);
  const config = await client.discovery(new URL(given.issuer), id, undefined, client.PrivateKeyJwt({ key, kid: jwk.kid }), insecure);
  const jar = new Map();
  const { tokens, address } = await walk(config, jar, { scope: "openid email" }, client.buildAuthorizationUrlWithPAR);
  assert.deepEqual([...address.searchParams.keys()].sort(), ["client_id", "request_uri"]);
  const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.ok(info.email);
  await client.tokenRevocation(config, tokens.access_token);
  await assert.rejects(browse(client.buildAuthorizationUrl(config, { client_id: id, request_uri: address.searchParams.get("request_uri") }).href, given.redirect, jar));
}
console.log("openid-client: all well");
