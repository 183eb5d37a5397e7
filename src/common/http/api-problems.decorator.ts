import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';

/** The body of every error answer (RFC 9457, application/problem+json). */
export const problem = z
  .object({
    type: z
      .string()
      .describe('Stable code of the problem, as a URN')
      .meta({ example: 'urn:mailwright:error:not-found' }),
    title: z.string().describe('What is wrong and what to do'),
    status: z.int(),
    requestId: z.string().describe('Give it when you report the problem; it is in the logs'),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;

const MEANING: Record<number, string> = {
  400: 'The request is malformed; the title names the field',
  404: 'There is no such thing',
  409: 'Somebody else was first, or it is in another state',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Understood, but cannot be done with these values',
  503: 'A part is unavailable; try again',
};

/** Documents the error answers of a route beside 401, 403 and 429, which every guarded route has. */
export const ApiProblems = (...statuses: number[]): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: MEANING[status] ?? 'Error',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
  );
