import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { SkipThrottle } from '@nestjs/throttler';
import { Public } from '../common/http/access.decorators.js';
import { HealthService } from './health.service.js';

@Public()
@SkipThrottle()
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly health: HealthService,
  ) {}

  @Get()
  @HealthCheck()
  @ApiOperation({ summary: 'Everything at once, for people' })
  all(): Promise<HealthCheckResult> {
    return this.checks.check([
      () => this.health.storeAnswers(),
      () => this.health.notDraining(),
      () => this.health.eventLoop(),
    ]);
  }

  @Get('live')
  @HealthCheck()
  @ApiOperation({ summary: 'Liveness: this process works; says nothing of the store' })
  live(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.health.eventLoop()]);
  }

  @Get('ready')
  @HealthCheck()
  @ApiOperation({ summary: 'Readiness: the store answers and the process is not shutting down' })
  ready(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.health.storeAnswers(), () => this.health.notDraining()]);
  }

  @Get('startup')
  @HealthCheck()
  @ApiOperation({ summary: 'Startup: configuration is valid, the store is connected, indexes are built' })
  startup(): Promise<HealthCheckResult> {
    return this.checks.check([() => this.health.storeOpen()]);
  }
}
