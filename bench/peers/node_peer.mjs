// One public verifier of the Node world on one workload, with the modules of the current folder (made by `run.py`).
//
//     node node_peer.mjs NAME CONTEXTS.json WORKLOAD SECONDS
//
// Prints one line of JSON. Every proof is checked. Nothing is fetched: `fetch` knows the contexts of CONTEXTS.json only.
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

const [name, contextsFile, workload, seconds] = process.argv.slice(2);
const contexts = JSON.parse(readFileSync(contextsFile, 'utf8'));
const MOST_ROUNDS = 200;
const print = console.log;
console.log = console.warn = console.error = () => {};
globalThis.fetch = async request => {
  const document = contexts[String(request?.url ?? request)];
  return new Response(JSON.stringify(document ?? {}), {status: document ? 200 : 404});
};

async function load(packageName) {
  const folder = join(process.cwd(), 'node_modules', packageName);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  let entry = manifest.exports?.['.'] ?? manifest.exports ?? manifest.module ?? manifest.main ?? 'index.js';
  while(typeof entry === 'object') {
    entry = entry.import ?? entry.node ?? entry.default ?? entry.require;
  }
  return import(pathToFileURL(join(folder, entry)).href);
}

// A did:key document, as Multikey or as the key type of the 2020 suite.
function keyDocument(url, type) {
  const [did, fragment] = url.split('#');
  const multikey = did.slice('did:key:'.length);
  const context = type === 'Multikey' ?
    'https://w3id.org/security/multikey/v1' : 'https://w3id.org/security/suites/ed25519-2020/v1';
  const method = {
    '@context': context, id: `${did}#${multikey}`, type, controller: did, publicKeyMultibase: multikey
  };
  if(fragment) {
    return method;
  }
  return {
    '@context': ['https://www.w3.org/ns/did/v1', context], id: did,
    verificationMethod: [method], assertionMethod: [method], authentication: [method]
  };
}

function loaderFor(credential) {
  const type = credential.proof.type === 'Ed25519Signature2020' ? 'Ed25519VerificationKey2020' : 'Multikey';
  return async url => {
    const document = url.startsWith('did:key:') ? keyDocument(url, type) : contexts[url];
    if(!document) {
      throw new Error(`not carried: ${url}`);
    }
    return {contextUrl: null, documentUrl: url, document, tag: 'static'};
  };
}

// `@digitalbazaar/vc` and the fork of it by the Digital Credentials Consortium have the same calls.
async function vc(scope, more) {
  const library = await load(`${scope}/vc`);
  const {DataIntegrityProof} = await load(`${scope}/data-integrity`);
  const {cryptosuite} = await load(`${scope}/eddsa-rdfc-2022-cryptosuite`);
  const {Ed25519Signature2020} = await load(`${scope}/ed25519-signature-2020`);
  const suite = [new DataIntegrityProof({cryptosuite}), new Ed25519Signature2020()];
  return async credential => {
    const documentLoader = loaderFor(credential);
    const result = await library.verifyCredential({credential, suite, documentLoader, ...more});
    if(!result.verified) {
      throw result.error?.errors?.[0] ?? result.error ?? new Error('not verified');
    }
  };
}

async function verifierCore() {
  const {verifyCredential} = await load('@digitalcredentials/verifier-core');
  return async credential => {
    const result = await verifyCredential({credential, knownDIDRegistries: []});
    if(!result.log?.find(entry => entry.id === 'valid_signature')?.valid) {
      throw new Error(JSON.stringify(result.errors ?? 'not verified'));
    }
  };
}

const PEERS = {
  '@digitalbazaar/vc': () => vc('@digitalbazaar', {}),
  '@digitalcredentials/vc': () => vc('@digitalcredentials', {verifyMatchingIssuers: false}),
  '@digitalcredentials/verifier-core': verifierCore
};

function* every(credential) {
  yield credential;
  for(const inner of [credential.credentialSubject?.verifiableCredential ?? []].flat()) {
    yield* every(inner);
  }
}

async function measure(verify, raw) {
  const once = async () => {
    for(const credential of every(JSON.parse(raw))) {
      await verify(credential);
    }
  };
  const taken = [];
  for(let round = 0; round < 3; round++) {
    await once(); // it gets faster while it is compiled
  }
  const end = Date.now() + Number(seconds) * 1000;
  while(taken.length === 0 || (Date.now() < end && taken.length < MOST_ROUNDS)) {
    const before = process.cpuUsage();
    await once();
    const {user, system} = process.cpuUsage(before);
    taken.push((user + system) / 1000);
  }
  taken.sort((a, b) => a - b);
  return taken[Math.floor(taken.length / 2)];
}

let answer;
try {
  if(workload.endsWith('.jwt')) {
    throw new Error('it takes no tokens');
  }
  answer = {ms: await measure(await PEERS[name](), readFileSync(workload, 'utf8')), why: ''};
} catch(error) {
  answer = {ms: null, why: String(error.message ?? error).slice(0, 160)};
}
print(JSON.stringify(answer));
process.exit(0);
