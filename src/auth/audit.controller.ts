import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import { auditPage, type AuditPage, type AuditQuery, auditQuery, auditVerdict, toAuditEntryView } from './audit.dto.js';
import { AuditService } from './audit.service.js';
import type { AuditVerdict } from './audit.types.js';

@ApiTags('admin')
@Roles('admin')
@Controller('admin/audit')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @ApiOperation({ summary: 'List who changed what, newest first' })
  @ApiOkResponse({ standardSchema: auditPage })
  @ApiProblems(400)
  async list(@Query({ schema: auditQuery }) { limit, cursor, ...filter }: AuditQuery): Promise<AuditPage> {
    const page = await this.audit.list({ limit, cursor }, filter);
    return { items: page.items.map(toAuditEntryView), nextCursor: page.nextCursor };
  }

  @Get('verify')
  @ApiOperation({ summary: 'Check the hash chain of the whole audit log' })
  @ApiOkResponse({ standardSchema: auditVerdict })
  verify(): Promise<AuditVerdict> {
    return this.audit.verify();
  }
}
