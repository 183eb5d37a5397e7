import { errorMessage } from '../common/errors.js';
import { loadConfig } from '../config/load-config.js';
import { ConfigError } from '../config/secret-rules.js';
import { checkConnection } from '../database/check-connection.js';
import { withoutCredentials } from '../database/connection-options.js';
import { EmbeddedStore } from '../database/embedded-store.js';

/** `npm run test:db`: tells whether the configured store can be reached. */
async function main(): Promise<void> {
  const config = loadConfig();
  const embedded = config.isEmbedded ? new EmbeddedStore(config.dataDir, () => undefined) : null;
  try {
    const uri = embedded ? await embedded.start() : config.env.MONGO_URI;
    console.log(embedded ? `Embedded store in ${config.dataDir}` : `MongoDB at ${withoutCredentials(uri)}`);
    await checkConnection(uri);
    console.log('Successfully connected to MongoDB!');
  } finally {
    await embedded?.stop();
  }
}

main().catch((error: unknown) => {
  console.error(`Could not connect: ${errorMessage(error)}`);
  process.exit(error instanceof ConfigError ? ConfigError.EXIT_CODE : 1);
});
