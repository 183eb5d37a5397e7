import { type Document, isDocument, isNumeric } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileCollation } from '../query/collation.js';
import { compileFilter } from '../query/match.js';
import { toBoolean, toInteger } from '../storage/integers.js';
import { requiredDocument, requiredString } from './arguments.js';
import type { CommandContext } from './context.js';
import { refusePipelineOf } from './views.js';

/** Fields of the create command. */
export const CREATE_OPTIONS = new Set([
  'capped', 'size', 'max', 'collation', 'validator', 'validationLevel', 'validationAction', 'viewOn', 'pipeline',
  'storageEngine', 'indexOptionDefaults', 'autoIndexId', 'idIndex', 'expireAfterSeconds', 'timeseries', 'clusteredIndex',
  'changeStreamPreAndPostImages', 'flags', 'temp', 'encryptedFields',
]); // prettier-ignore
/** Options that only steer the command or say nothing: they are not kept. */
const NOT_STORED = new Set(['autoIndexId', 'idIndex', 'storageEngine', 'indexOptionDefaults', 'flags', 'temp']);

/**
 * The options of `create` as they are stored and listed.
 * @throws MongoError 72, 14, 2, 51024 and others for what MongoDB refuses
 */
export function checkedOptions(context: CommandContext): Document {
  const { command } = context;
  const options: Document = {};
  for (const [name, value] of Object.entries(command)) {
    if (CREATE_OPTIONS.has(name) && !NOT_STORED.has(name) && value !== undefined && value !== null)
      options[name] = value;
  }
  checkCapped(options);
  if (options['collation'] !== undefined) {
    const collation = compileCollation(options['collation']);
    if (collation) options['collation'] = { ...collation.spec, version: '57.1' };
    else delete options['collation'];
  }
  if (options['validator'] !== undefined) checkValidator(context, options);
  if (options['viewOn'] !== undefined) checkView(context, options);
  else if (options['pipeline'] !== undefined)
    throw new MongoError(72, "'pipeline' requires 'viewOn' to also be specified");
  checkClustered(options);
  checkTimeseries(options);
  return options;
}

function checkCapped(options: Document): void {
  const { capped, size, max } = options;
  if (capped !== undefined && !toBoolean(capped)) {
    delete options['capped'];
    delete options['size'];
    delete options['max'];
    return;
  }
  if (capped === undefined) {
    if (size !== undefined)
      throw new MongoError(
        72,
        "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
      );
    if (max !== undefined)
      throw new MongoError(
        72,
        "the 'capped' field needs to be true when either the 'size' or 'max' fields are present",
      );
    return;
  }
  if (size === undefined) throw new MongoError(72, "the 'size' field is required when 'capped' is true");
  if (!isNumeric(size)) throw new MongoError(14, "the 'size' field has to be a number");
  if (toInteger(size, 0) <= 0) throw new MongoError(51024, "BSON field 'size' value must be >= 1");
  options['capped'] = true;
}

/** Checks `validator`, `validationLevel` and `validationAction`. */
export function checkValidator(context: CommandContext, options: Document): void {
  const validator = requiredDocument(context, 'validator');
  if (Object.keys(validator).length > 0) compileFilter(validator, {});
  const { validationLevel: level, validationAction: action } = options;
  if (level !== undefined && !['off', 'strict', 'moderate'].includes(level as string)) {
    throw new MongoError(
      2,
      `Enumeration value '${JSON.stringify(level)}' for field 'validationLevel' is not a valid value.`,
    );
  }
  if (action !== undefined && !['error', 'warn'].includes(action as string)) {
    throw new MongoError(
      2,
      `Enumeration value '${JSON.stringify(action)}' for field 'validationAction' is not a valid value.`,
    );
  }
}

function checkView(context: CommandContext, options: Document): void {
  requiredString(context, 'viewOn');
  const { pipeline = [] } = options;
  if (!Array.isArray(pipeline) || !pipeline.every(isDocument))
    throw new MongoError(14, "'pipeline' must be an array of objects");
  refusePipelineOf(pipeline);
  options['pipeline'] = pipeline;
}

function checkClustered(options: Document): void {
  const { clusteredIndex } = options;
  if (clusteredIndex === undefined) return;
  // Every collection is stored by its _id here, so a clustered index costs and changes nothing.
  if (!isDocument(clusteredIndex) || clusteredIndex['unique'] !== true) {
    throw new MongoError(67, "The 'clusteredIndex' option requires { key: { _id: 1 }, unique: true }");
  }
  options['clusteredIndex'] = { v: 2, key: { _id: 1 }, name: clusteredIndex['name'] ?? '_id_', unique: true };
}

function checkTimeseries(options: Document): void {
  const { timeseries } = options;
  if (timeseries === undefined) return;
  if (!isDocument(timeseries) || typeof timeseries['timeField'] !== 'string') {
    throw new MongoError(40414, "BSON field 'create.timeseries.timeField' is missing but a required field");
  }
  options['timeseries'] = { granularity: 'seconds', bucketMaxSpanSeconds: 3600, ...timeseries };
}
