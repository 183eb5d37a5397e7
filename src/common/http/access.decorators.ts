import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Request } from 'express';

/** Least role first: a role may do all that the ones before it may. */
export const ROLES = ['viewer', 'agent', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who is asking, as the access token says and the user record confirms. */
export interface Principal {
  id: string;
  username: string;
  role: Role;
}

export const IS_PUBLIC = 'access:public';
export const REQUIRED_ROLE = 'access:role';

/** Opens a route to everybody. The list of such routes is pinned by test/architecture. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(IS_PUBLIC, true);

/** The least role a route needs. A route with neither @Public nor @Roles is refused for all (deny by default). */
export const Roles = (role: Role): MethodDecorator & ClassDecorator => SetMetadata(REQUIRED_ROLE, role);

/** The principal of the request; only on guarded routes. */
export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Request & { user: Principal }>().user,
);
