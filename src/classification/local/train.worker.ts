import { parentPort, workerData } from 'node:worker_threads';
import { trainLocalModel } from './local-model.js';
import { serializeModel } from './model-file.js';
import type { TrainingItem } from './training-set.js';

// Entry point of the training thread: items in, one serialised model out (see ThreadTrainer).
const bytes = serializeModel(trainLocalModel(workerData as TrainingItem[]));
parentPort?.postMessage(bytes, [bytes.buffer]);
