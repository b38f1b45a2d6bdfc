//! `synfin lab --serve`: the page, for a browser on this machine.
//!
//! In: requests to an address of this machine, over the kernel's TCP. Out: the files that `npm run build` has made. The
//! page asks nobody else for anything.

use std::future::IntoFuture as _;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use axum::Router;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use crate::failure::Failure;
use crate::serve::{asked_to_end, url};

/// Serves until a signal ends it.
pub(super) fn serve(directory: &Path, listen: SocketAddr) -> Result<ExitCode, Failure> {
    if !directory.join("index.html").is_file() {
        return Err(Failure::call(format!(
            "{} does not hold the page: build it as docs/web.md says, or name its folder with --serve=DIR",
            directory.display()
        )));
    }
    let fault = |error: io::Error| Failure::fault(format!("the page cannot be served: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await;
        let listener = listener.map_err(|error| {
            Failure::fault(format!("{listen} cannot be listened on: {error}; choose another with --listen"))
        })?;
        let local = listener.local_addr().map_err(fault)?;
        // Before the line below: whoever has read it may end us.
        let asked_to_end = asked_to_end().map_err(fault)?;
        eprintln!("synfin: the page is at {}, Ctrl-C ends it", url(local, false));
        let page = Router::new().fallback_service(ServeDir::new(directory));
        tokio::select! {
            result = axum::serve(listener, page).into_future() => result.map_err(fault)?,
            () = asked_to_end => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}
