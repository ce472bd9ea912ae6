use super::{
    rows::Rows,
    status::{invalid, refused, stopped},
    thread::{Job, list, run},
    v1::{ExportRequest, ListTablesRequest, ListTablesResponse, exports_server::Exports as ExportsApi},
};
use crate::{
    client::Client,
    database::Database,
    export::{
        abandon_guard::AbandonGuard,
        query::{Columns, ExportQuery},
        registry::Exports,
    },
    spawn,
};
use std::{sync::Arc, time::Instant};
use tokio::sync::oneshot;
use tonic::{Request, Response, Status, async_trait, metadata::MetadataValue};

const X_EXPORT_ID: &str = "x-export-id";

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
            return Err(invalid("limit", &format!("an export may have {most} rows")));
        }
        if fail_at == Some(0) {
            return Err(invalid("fail_at", "rows are counted from 1 on"));
        }
        Ok(ExportQuery { table, columns: Columns::Named(columns), limit, fail_at })
    }
}

#[async_trait]
impl ExportsApi for ExportsService {
    type ExportStream = Rows;

    async fn list_tables(
        &self,
        request: Request<ListTablesRequest>,
    ) -> Result<Response<ListTablesResponse>, Status> {
        let client = Client::of(request.extensions().get());
        let permit = self.exports.admit(client).map_err(|problem| refused(&problem))?;
        let database = self.database.clone();
        let read = move || {
            let _until_the_end = permit;
            list(&database)
        };
        let tables = spawn::thread(read).await.map_err(|_panicked| stopped())?;
        tables.map(Response::new).map_err(|problem| refused(&problem))
    }

    async fn export(&self, request: Request<ExportRequest>) -> Result<Response<Rows>, Status> {
        let began = Instant::now();
        let client = Client::of(request.extensions().get());
        let query = self.query(request.into_inner())?;
        let permit = self.exports.admit(client).map_err(|problem| refused(&problem))?;
        let (waiting, is_abandoned) = AbandonGuard::begin();
        let job =
            Job { database: self.database.clone(), query, began, is_abandoned, permit: Arc::new(permit) };
        let (answer, answered) = oneshot::channel();
        spawn::thread(move || run(job, answer));

        let answered = answered.await;
        waiting.answered();
        let rows = answered.map_err(|_panicked| stopped())??;
        let id = MetadataValue::try_from(rows.id()).expect("hexadecimal digits make a value");
        let mut response = Response::new(rows);
        response.metadata_mut().insert(X_EXPORT_ID, id);
        Ok(response)
    }
}
