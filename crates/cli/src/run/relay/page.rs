//! The page at `synfin.internal`: the first thing that a person sees of synfin, served by its own listener.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use synfin::net::TcpListener;

const PORT: u16 = 80;
const PAGE: &str = include_str!("page.html");

/// Listens on both of the page's addresses.
pub(super) async fn listen(stack: &synfin::Stack) -> std::io::Result<[TcpListener; 2]> {
    use crate::run::addresses::{PAGE_V4, PAGE_V6};
    Ok([
        TcpListener::bind_on(stack, (PAGE_V4, PORT)).await?,
        TcpListener::bind_on(stack, (PAGE_V6, PORT)).await?,
    ])
}

/// Serves the page until the stack ends.
pub(super) async fn serve([v4, v6]: [TcpListener; 2]) {
    let page = Router::new().route("/", get(async || Html(PAGE)));
    // Neither ends by itself.
    let (_, _) =
        tokio::join!(axum::serve(v4, page.clone()).into_future(), axum::serve(v6, page).into_future());
}
