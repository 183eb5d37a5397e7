import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { z } from 'zod';
import { Roles } from '../common/http/access.decorators.js';
import { ApiProblems } from '../common/http/api-problems.decorator.js';
import { IdParam } from '../common/http/id-param.js';
import type { Page } from '../common/http/page.js';
import {
  type ArticleChange,
  articleChange,
  articleContent,
  type ArticleListQuery,
  articlePage,
  articleQuery,
  type ArticleView,
  articleView,
  type SearchQuery,
  searchQuery,
  type SearchResult,
  searchResult,
  toArticleView,
} from './knowledge.dto.js';
import { KnowledgeService } from './knowledge.service.js';
import { RetrieverService } from './retriever.service.js';

@ApiTags('knowledge')
@ApiBearerAuth()
@Controller('knowledge')
export class KnowledgeController {
  constructor(
    private readonly knowledge: KnowledgeService,
    private readonly retriever: RetrieverService,
  ) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'List articles, newest first' })
  @ApiOkResponse({ standardSchema: articlePage })
  @ApiProblems(400)
  async list(@Query({ schema: articleQuery }) query: ArticleListQuery): Promise<Page<ArticleView>> {
    const { items, nextCursor } = await this.knowledge.list(query);
    return { items: items.map(toArticleView), nextCursor };
  }

  @Get('search')
  @Roles('viewer')
  @ApiOperation({ summary: 'Find the passages that a draft would be built on' })
  @ApiOkResponse({ standardSchema: searchResult })
  @ApiProblems(400)
  async search(@Query({ schema: searchQuery }) { q, ...options }: SearchQuery): Promise<SearchResult> {
    return { items: await this.retriever.search(q, options) };
  }

  @Get(':id')
  @Roles('viewer')
  @ApiOperation({ summary: 'Get one article' })
  @ApiOkResponse({ standardSchema: articleView })
  @ApiProblems(400, 404)
  async get(@IdParam() id: string): Promise<ArticleView> {
    return toArticleView(await this.knowledge.get(id));
  }

  @Post()
  @Roles('agent')
  @ApiOperation({ summary: 'Write an article' })
  @ApiCreatedResponse({ standardSchema: articleView })
  @ApiProblems(400)
  async create(@Body({ schema: articleContent }) content: z.infer<typeof articleContent>): Promise<ArticleView> {
    return toArticleView(await this.knowledge.create(content));
  }

  @Put(':id')
  @Roles('agent')
  @ApiOperation({ summary: 'Replace an article; its passages switch at once' })
  @ApiOkResponse({ standardSchema: articleView })
  @ApiProblems(400, 404, 409)
  async replace(
    @IdParam() id: string,
    @Body({ schema: articleChange }) { version, ...content }: ArticleChange,
  ): Promise<ArticleView> {
    return toArticleView(await this.knowledge.replace(id, version, content));
  }

  @Delete(':id')
  @Roles('agent')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete an article and its passages' })
  @ApiNoContentResponse()
  @ApiProblems(400, 404)
  async delete(@IdParam() id: string): Promise<void> {
    await this.knowledge.delete(id);
  }
}
