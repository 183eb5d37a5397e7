import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AppError } from '../common/errors.js';
import { IS_PUBLIC, type Principal, REQUIRED_ROLE, type Role, ROLES } from '../common/http/access.decorators.js';

/** Global, after JwtAuthGuard: the principal must have at least the role of the route. */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, places)) return true;
    const required = this.reflector.getAllAndOverride<Role>(REQUIRED_ROLE, places);
    const { user } = context.switchToHttp().getRequest<{ user?: Principal }>();
    // JwtAuthGuard has refused a route without a rule; should that ever change, nobody passes here either.
    if (!required || !user || ROLES.indexOf(user.role) < ROLES.indexOf(required)) {
      throw new AppError('FORBIDDEN', required ? `This needs the role ${required}.` : 'This route is closed.');
    }
    return true;
  }
}
