import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envExample } from '../config/env-example.js';

/** `npm run env-example`: writes .env.example from the configuration schema. */
writeFileSync(join(__dirname, '..', '..', '.env.example'), envExample());
