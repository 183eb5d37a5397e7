import { Param } from '@nestjs/common';
import { z } from 'zod';
import { ID_PATTERN } from '../id.js';

const idSchema = z.string().regex(ID_PATTERN, 'must be an id of 24 lower-case hex digits');

/** `@IdParam() id: string`: the path parameter `id` (or the named one), checked to be a document id before any query. */
export const IdParam = (name = 'id'): ParameterDecorator => Param(name, { schema: idSchema });
