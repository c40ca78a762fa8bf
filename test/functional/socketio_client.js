// SPDX-License-Identifier: Apache-2.0
// The real socket.io-client, driven through pipes by socketio_clients.py:
//
//   node socketio_client.js URL TRANSPORT,TRANSPORT... [PATIENCE_MS]
//
// A line of JSON in is a command, ["emit", EVENT, ARGUMENT...], ["call", EVENT,
// ARGUMENT...] (with a callback) or ["disconnect"]; a line of JSON out is what the client
// fired, [EVENT, ARGUMENT...], "ack" for a callback.
'use strict';

const readline = require('readline');
const io = require('socket.io-client');

const [url, transports, patience] = process.argv.slice(2);
const say = (...event) => console.log(JSON.stringify(event));

// The option `transports` does not narrow the list in 0.9; its own list does.
io.transports.splice(0, io.transports.length, ...transports.split(','));

const socket = io.connect(url, {
  'reconnection delay': 100,
  'max reconnection attempts': 50,
  'connect timeout': Number(patience || 10000),
});
const names = ['connect', 'disconnect', 'reconnect', 'error', 'connect_failed', 'change',
  'gap', 'replayed'];
for (const event of names) {
  socket.on(event, (...values) => say(event, ...values));
}

readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, ...values] = JSON.parse(line);
    if (command === 'emit') {
      socket.emit(...values);
    } else if (command === 'call') {
      socket.emit(...values, (...answer) => say('ack', ...answer));
    } else if (command === 'disconnect') {
      socket.disconnect();
    }
  })
  .on('close', () => process.exit(0));
