use super::{
    output::GrpcOutput,
    rows::Rows,
    status::{invalid, no_table, refused},
    v1::{
        Column, ExportRequest, ListTablesRequest, ListTablesResponse, Table,
        exports_server::Exports as ExportsApi,
    },
};
use crate::{
    client::Client,
    database::Database,
    export::{
        query::{Columns, ExportQuery},
        registry::Exports,
        tables,
        thread::start,
    },
};
use axum_trailers::trailers::server::ConnectionInfo;
use http::StatusCode;
use tonic::{Request, Response, Status, async_trait};

/// `axum_trailers.v1.Exports`: the rows of the workbench's database.
#[derive(Clone)]
pub struct ExportsService {
    database: Database,
    exports: Exports,
}

impl ExportsService {
    pub(crate) fn new(database: Database, exports: Exports) -> Self {
        Self { database, exports }
    }

    fn query(&self, request: ExportRequest) -> Result<ExportQuery, Status> {
        let ExportRequest { table, columns, limit, fail_at } = request;
        let most = self.exports.bounds().rows;
        if limit.is_some_and(|limit| limit > most) {
            return Err(invalid("limit", &format!("the limit must be at most {most}")));
        }
        if fail_at == Some(0) {
            return Err(invalid("fail_at", "row numbers start at 1"));
        }
        Ok(ExportQuery { table, columns: Columns::Named(columns), limit, fail_at })
    }
}

/// Who calls, from what the server has inserted into the request's extensions.
fn caller<T>(request: &Request<T>) -> Client {
    let connection: Option<&ConnectionInfo> = request.extensions().get();
    connection.map_or(Client::UNKNOWN, |connection| Client::at(connection.client().ip()))
}

#[async_trait]
impl ExportsApi for ExportsService {
    type ExportStream = Rows;

    async fn list_tables(
        &self,
        request: Request<ListTablesRequest>,
    ) -> Result<Response<ListTablesResponse>, Status> {
        let client = caller(&request);
        let tables = tables::read(self.database.clone(), &self.exports, client).await;
        let tables = tables.map_err(|problem| refused(&problem))?.into_iter().map(|table| {
            let columns = table.columns.into_iter();
            let columns = columns.map(|column| Column { name: column.name, declared_type: column.declared });
            Table { name: table.name, columns: columns.collect() }
        });
        Ok(Response::new(ListTablesResponse { tables: tables.collect() }))
    }

    async fn export(&self, request: Request<ExportRequest>) -> Result<Response<Rows>, Status> {
        let client = caller(&request);
        let query = self.query(request.into_inner())?;
        let table = query.table.clone();
        let started = start(self.database.clone(), &self.exports, client, query, GrpcOutput).await;
        started.map_err(|problem| match problem.status() {
            StatusCode::NOT_FOUND => no_table(&table),
            _ => refused(&problem),
        })
    }
}
