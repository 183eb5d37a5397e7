import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import { categoryListView, type CategoryListView } from './classification.dto.js';
import { Taxonomy } from './taxonomy.js';

@ApiTags('classification')
@Controller('classification')
export class ClassificationController {
  constructor(private readonly taxonomy: Taxonomy) {}

  @Get('categories')
  @Roles('viewer')
  @ApiOperation({ summary: 'The categories a mail can have, the built-in ones first' })
  @ApiOkResponse({ standardSchema: categoryListView })
  @ApiProblems()
  categories(): CategoryListView {
    return { items: [...this.taxonomy.list] };
  }
}
