import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { MongooseModule } from '@nestjs/mongoose';
import { AccessTokenService } from './access-token.service.js';
import { AuditController } from './audit.controller.js';
import { AuditRepository } from './audit.repository.js';
import { BearerStrategy } from './bearer.strategy.js';
import { AUDIT_MODEL, auditSchema } from './audit.schema.js';
import { AuditService } from './audit.service.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { FirstAdminService } from './first-admin.service.js';
import { JwtAuthGuard } from './jwt-auth.guard.js';
import { LoginAttemptRepository } from './login-attempt.repository.js';
import { LOGIN_ATTEMPT_MODEL, loginAttemptSchema } from './login-attempt.schema.js';
import { LoginThrottle } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';
import { RefreshTokenRepository } from './refresh-token.repository.js';
import { REFRESH_TOKEN_MODEL, refreshTokenSchema } from './refresh-token.schema.js';
import { RefreshTokenService } from './refresh-token.service.js';
import { RequestOriginMiddleware } from './request-origin.js';
import { RolesGuard } from './roles.guard.js';
import { SessionService } from './session.service.js';
import { UserRepository } from './user.repository.js';
import { USER_MODEL, userSchema } from './user.schema.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';

/** Who may do what, and who did: login, tokens, users, the global guards and the audit log. */
@Module({
  imports: [
    MongooseModule.forFeature([
      { name: USER_MODEL, schema: userSchema },
      { name: REFRESH_TOKEN_MODEL, schema: refreshTokenSchema },
      { name: LOGIN_ATTEMPT_MODEL, schema: loginAttemptSchema },
      { name: AUDIT_MODEL, schema: auditSchema },
    ]),
  ],
  controllers: [AuthController, UsersController, AuditController],
  providers: [
    UserRepository,
    RefreshTokenRepository,
    LoginAttemptRepository,
    AuditRepository,
    PasswordHasher,
    LoginThrottle,
    AccessTokenService,
    RefreshTokenService,
    SessionService,
    BearerStrategy,
    AuthService,
    UsersService,
    AuditService,
    FirstAdminService,
    // In this order: who is it, then may they.
    { provide: APP_GUARD, useClass: JwtAuthGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
  ],
  exports: [AuditService, FirstAdminService],
})
export class AuthModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(RequestOriginMiddleware).forRoutes('{*path}');
  }
}
