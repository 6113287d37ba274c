// The peer's desk: `node client.js FOLDER` does a command a line, fields parted by tabs, and answers a line of JSON.
//   fill NAME FILE    the documents of FILE (a JSON object a line) into the database NAME here, or at a URL
//   push NAME URL     replicates it there; {docs, seconds}
//   pull NAME URL     the other way
'use strict';
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const PouchDB = require('pouchdb').defaults({ prefix: path.join(process.argv[2], path.sep) });

const BATCH = 500; // as the desk's own; tried: 100 is slower, 1000 no faster
const AT_ONCE = 1000;

async function fill(name, file) {
  const db = new PouchDB(name);
  const lines = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
  for (let i = 0; i < lines.length; i += AT_ONCE) {
    await db.bulkDocs(lines.slice(i, i + AT_ONCE).map((line) => JSON.parse(line)));
  }
  return { docs: (await db.info()).doc_count };
}

async function replicate(source, target) {
  const began = process.hrtime.bigint();
  const result = await PouchDB.replicate(source, target, { batch_size: BATCH });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (!result.ok || result.doc_write_failures) throw new Error(JSON.stringify(result));
  return { docs: result.docs_written, seconds };
}

const acts = {
  fill,
  push: (name, url) => replicate(new PouchDB(name), new PouchDB(url)),
  pull: (name, url) => replicate(new PouchDB(url), new PouchDB(name)),
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [act, ...given] = line.split('\t');
    try {
      console.log(JSON.stringify(await acts[act](...given)));
    } catch (error) {
      console.log(JSON.stringify({ error: String((error && error.stack) || error) }));
    }
  }
  process.exit(0);
})();
