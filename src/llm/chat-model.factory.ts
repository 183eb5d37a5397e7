import { Injectable } from '@nestjs/common';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { AppError } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';

/** OpenAI's own endpoint, used when no other is configured. */
const DEFAULT_BASE_URL = 'https://api.openai.com/v1';
/** Servers without accounts (Ollama, llama.cpp, vLLM) ignore the key, but the client insists on one. */
const PLACEHOLDER_KEY = 'none';
/** The client's own timeout is a safety net behind our deadline, in milliseconds. */
const CLIENT_TIMEOUT_MARGIN_MS = 5_000;

const paramsSchema = z.record(z.string(), z.unknown());

function parseParams(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    return paramsSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError('INVALID_INPUT', 'OPENAI_MODEL_PARAMS must be a JSON object, e.g. {"temperature":0}.', {
      cause: error,
    });
  }
}

/** Makes LangChain chat models for the configured provider: OpenAI or any server that speaks its protocol. */
@Injectable()
export class ChatModelFactory {
  /** Label of the provider in metrics, ledger and gate: `openai`, or host and port of OPENAI_BASE_URL. */
  readonly provider: string;
  readonly model: string;
  /** OPENAI_MODEL_PARAMS: merged into each request, part of the ledger key. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Longest one call may take. */
  readonly timeoutMs: number;
  private readonly baseUrl: string;
  private readonly apiKey: string;

  /** @throws AppError INVALID_INPUT when OPENAI_MODEL_PARAMS or OPENAI_BASE_URL cannot be read */
  constructor(config: AppConfig) {
    const { env } = config;
    this.baseUrl = env.OPENAI_BASE_URL || DEFAULT_BASE_URL;
    if (!URL.canParse(this.baseUrl)) throw new AppError('INVALID_INPUT', 'OPENAI_BASE_URL must be a URL.');
    this.provider = env.OPENAI_BASE_URL ? new URL(this.baseUrl).host : 'openai';
    this.model = env.OPENAI_MODEL;
    this.params = parseParams(env.OPENAI_MODEL_PARAMS);
    this.timeoutMs = env.LLM_TIMEOUT_SECONDS * 1000;
    this.apiKey = env.OPENAI_API_KEY || PLACEHOLDER_KEY;
  }

  /**
   * A model; `fetch` is what it talks through. Retries are off: the workflow owns them, otherwise attempts
   * multiply. No temperature of ours: reasoning models refuse it (set it in OPENAI_MODEL_PARAMS).
   */
  create(fetch: typeof globalThis.fetch): ChatOpenAI {
    return new ChatOpenAI({
      model: this.model,
      apiKey: this.apiKey,
      configuration: { baseURL: this.baseUrl, fetch },
      maxRetries: 0,
      timeout: this.timeoutMs + CLIENT_TIMEOUT_MARGIN_MS,
      modelKwargs: { ...this.params },
    });
  }
}
