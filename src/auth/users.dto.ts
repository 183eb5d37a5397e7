import { z } from 'zod';
import { ROLES } from '../common/http/access.decorators.js';
import { pageOf, pageQuery } from '../common/http/page.js';
import { normalizeUsername, type User, USERNAME_PATTERN } from './user.types.js';

/** Strict: `?cursor[$ne]=` is an error, not a list of everything. */
export const usersQuery = pageQuery;
export type UsersQuery = z.infer<typeof usersQuery>;

const password = z.string().max(1024).describe('12 to 128 characters, not a common one').meta({ format: 'password' });
const role = z.enum(ROLES).describe('Each role may do all that the ones before it may');

export const createUser = z
  .strictObject({
    username: z
      .string()
      .max(80)
      .overwrite(normalizeUsername)
      .regex(USERNAME_PATTERN, 'letters, digits and . _ @ + -, at most 64')
      .describe('Unique; case does not matter')
      .meta({ example: 'jane' }),
    password,
    role,
    disabled: z.boolean().default(false),
  })
  .meta({ id: 'CreateUser' });
export type CreateUser = z.infer<typeof createUser>;

export const updateUser = z
  .strictObject({ role: role.optional(), disabled: z.boolean().optional(), password: password.optional() })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'name at least one field')
  .meta({ id: 'UpdateUser' });
export type UpdateUser = z.infer<typeof updateUser>;

export const userView = z
  .object({
    id: z.string(),
    username: z.string(),
    role,
    disabled: z.boolean().describe('A disabled user cannot log in; issued tokens stop working within 5 s'),
    createdAt: z.string().meta({ format: 'date-time' }),
    updatedAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'User' });
export type UserView = z.infer<typeof userView>;

export const userPage = pageOf(userView, 'UserPage');
export type UserPage = z.infer<typeof userPage>;

/** Names every field that may leave: the hash never does. */
export const toUserView = ({ id, username, role: userRole, disabled, createdAt, updatedAt }: User): UserView => ({
  id,
  username,
  role: userRole,
  disabled,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
