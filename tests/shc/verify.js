// Verifies cards with another maker's library. Standard input: {"cards": [the text of a QR, ...], "keys": {issuer: key set}}.
// The last line of standard output: what each card says, or null where the library refuses it.
'use strict';

const { unpackAndVerify } = require('@pathcheck/shc-sdk');

async function main() {
  const asked = JSON.parse(require('fs').readFileSync(0, 'utf-8'));
  const found = [];
  for (const card of asked.cards) {
    const answer = await unpackAndVerify(card, asked.keys);
    found.push(answer === undefined ? null : answer.credential);
  }
  console.log('\n' + JSON.stringify(found));
}

main();
