// Runs before any import of a test file: configuration is read from the environment when the app module is built.
process.env.NODE_ENV = 'test';
process.env.LOG_LEVEL ??= 'silent';
