/** Sizes the server announces in `hello` and enforces while reading (MongoDB's values). */
export const MAX_BSON_BYTES = 16 * 1024 * 1024;
/** A command may carry a document of full size plus its own fields. */
export const MAX_INTERNAL_BSON_BYTES = MAX_BSON_BYTES + 16 * 1024;
export const MAX_MESSAGE_BYTES = 48_000_000;
export const MAX_WRITE_BATCH = 100_000;
/** What `hello` asks drivers to put into one batch: a batch is one commit, and nobody else is served in it. */
export const ANNOUNCED_WRITE_BATCH = 1_000;
export const HEADER_BYTES = 16;
/** Before a client has proved who it is there is no reason to read large messages from it. */
export const MAX_UNAUTHENTICATED_MESSAGE_BYTES = 64 * 1024;
