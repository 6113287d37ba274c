// The peer's central: `node server.js FOLDER` prints its port and serves until its standard input ends.
'use strict';
const path = require('path');
const express = require('express');
const PouchDB = require('pouchdb').defaults({ prefix: path.join(process.argv[2], path.sep) });

const app = express();
// the least it can do and still be replicated with: no log, no accounts, no statistics
app.use('/', require('express-pouchdb')(PouchDB, { mode: 'minimumForPouchDB', inMemoryConfig: true }));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit(0)).resume();
