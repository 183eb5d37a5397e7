// Waits until a port on loopback accepts connections: node scripts/wait-for-port.mjs PORT
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const port = Number(process.argv[2]);
const accepts = () =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() && true));
    socket.once('error', () => resolve(false));
  });

for (let attempt = 0; attempt < 300; attempt++) {
  if (await accepts()) process.exit(0);
  await sleep(100);
}
console.error(`nothing listens on port ${port}`);
process.exit(1);
