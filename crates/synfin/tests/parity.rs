//! The same bodies, compiled once against `tokio::net` and once against `synfin::net`: what they call has the
//! same names, takes the same arguments and gives the same results.

/// Nothing of this is ever called: that it compiles is the test.
macro_rules! bodies {
    ($module:ident, $net:path) => {
        #[allow(dead_code)]
        mod $module {
            use std::io::{self, IoSlice, IoSliceMut};
            use std::net::SocketAddr;
            use std::task::{Context, Poll};
            use std::time::Duration;

            use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};

            use $net as net;

            async fn listener() -> io::Result<()> {
                let listener = net::TcpListener::bind("localhost:80").await?;
                let listener: net::TcpListener = match listener.local_addr()? {
                    SocketAddr::V4(_) => listener,
                    SocketAddr::V6(_) => net::TcpListener::bind(("::", 80)).await?,
                };
                let (stream, peer): (net::TcpStream, SocketAddr) = listener.accept().await?;
                assert_eq!(stream.peer_addr()?, peer);
                let _: fn(
                    &net::TcpListener,
                    &mut Context<'_>,
                ) -> Poll<io::Result<(net::TcpStream, SocketAddr)>> = net::TcpListener::poll_accept;
                Ok(())
            }

            async fn stream(buf: &mut [u8]) -> io::Result<()> {
                let addrs: &[SocketAddr] = &[];
                let mut stream = net::TcpStream::connect(addrs).await?;
                stream.write_all(buf).await?;
                stream.read_exact(buf).await?;
                stream.flush().await?;
                stream.shutdown().await?;
                let _: usize = stream.peek(buf).await?;
                stream.readable().await?;
                stream.writable().await?;
                let ready = stream.ready(Interest::READABLE | Interest::WRITABLE).await?;
                if ready.is_readable() {
                    let _: usize = stream.try_read(buf)?;
                    let _: usize = stream.try_read_buf(&mut Vec::new())?;
                    let _: usize = stream.try_read_vectored(&mut [IoSliceMut::new(buf)])?;
                }
                if ready.is_writable() {
                    let _: usize = stream.try_write(buf)?;
                    let _: usize = stream.try_write_vectored(&[IoSlice::new(buf)])?;
                }
                let _: SocketAddr = stream.local_addr()?;
                let _: SocketAddr = stream.peer_addr()?;
                stream.set_nodelay(true)?;
                let _: bool = stream.nodelay()?;
                stream.set_quickack(true)?;
                let _: bool = stream.quickack()?;
                stream.set_zero_linger()?;
                let _: Option<Duration> = stream.linger()?;
                let _: Option<io::Error> = stream.take_error()?;
                Ok(())
            }

            fn polled(stream: &net::TcpStream, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<()>> {
                let _: Poll<io::Result<()>> = stream.poll_read_ready(cx);
                let _: Poll<io::Result<()>> = stream.poll_write_ready(cx);
                let _: Poll<io::Result<usize>> = stream.poll_peek(cx, &mut ReadBuf::new(buf));
                Poll::Pending
            }

            async fn borrowed_halves(stream: &mut net::TcpStream, buf: &mut [u8]) -> io::Result<()> {
                let (mut reader, mut writer): (net::tcp::ReadHalf<'_>, net::tcp::WriteHalf<'_>) =
                    stream.split();
                tokio::io::copy(&mut reader, &mut writer).await?;
                reader.readable().await?;
                writer.writable().await?;
                let _: (usize, usize) = (reader.try_read(buf)?, writer.try_write(buf)?);
                let _: usize = reader.peek(buf).await?;
                let _: &net::TcpStream = reader.as_ref();
                let _: (SocketAddr, SocketAddr) = (reader.peer_addr()?, writer.local_addr()?);
                Ok(())
            }

            async fn owned_halves(stream: net::TcpStream) -> io::Result<net::TcpStream> {
                let (mut reader, mut writer): (net::tcp::OwnedReadHalf, net::tcp::OwnedWriteHalf) =
                    stream.into_split();
                tokio::io::copy(&mut reader, &mut writer).await?;
                reader.ready(Interest::READABLE).await?;
                writer.ready(Interest::WRITABLE).await?;
                let _: &net::TcpStream = writer.as_ref();
                match reader.reunite(writer) {
                    Ok(stream) => Ok(stream),
                    Err(net::tcp::ReuniteError(reader, writer)) => {
                        writer.forget();
                        drop(reader);
                        Err(io::ErrorKind::Other.into())
                    }
                }
            }

            async fn socket(addr: SocketAddr) -> io::Result<(net::TcpStream, net::TcpListener)> {
                let socket = net::TcpSocket::new_v4()?;
                socket.set_reuseaddr(true)?;
                socket.set_keepalive(true)?;
                socket.set_nodelay(true)?;
                socket.set_send_buffer_size(1 << 16)?;
                socket.set_recv_buffer_size(1 << 16)?;
                let _: (u32, u32) = (socket.send_buffer_size()?, socket.recv_buffer_size()?);
                let _: (bool, bool, bool) = (socket.reuseaddr()?, socket.keepalive()?, socket.nodelay()?);
                socket.bind(addr)?;
                let _: SocketAddr = socket.local_addr()?;
                Ok((socket.connect(addr).await?, net::TcpSocket::new_v6()?.listen(1024)?))
            }

            async fn udp(buf: &mut [u8]) -> io::Result<()> {
                let socket = net::UdpSocket::bind("0.0.0.0:0").await?;
                socket.connect(("localhost", 53)).await?;
                let _: (SocketAddr, SocketAddr) = (socket.local_addr()?, socket.peer_addr()?);
                let _: usize = socket.send(buf).await?;
                let _: usize = socket.recv(buf).await?;
                let (length, peer): (usize, SocketAddr) = socket.recv_from(buf).await?;
                let _: usize = socket.send_to(&buf[..length], peer).await?;
                let _: usize = socket.peek(buf).await?;
                let _: (usize, SocketAddr) = socket.peek_from(buf).await?;
                let _: (SocketAddr, SocketAddr) = (socket.peek_sender().await?, socket.try_peek_sender()?);
                let _: (usize, (usize, SocketAddr)) = (socket.try_peek(buf)?, socket.try_peek_from(buf)?);
                let mut grows = Vec::new();
                let _: (usize, usize) =
                    (socket.recv_buf(&mut grows).await?, socket.try_recv_buf(&mut grows)?);
                let _: (usize, SocketAddr) = socket.recv_buf_from(&mut grows).await?;
                let _: (usize, SocketAddr) = socket.try_recv_buf_from(&mut grows)?;
                socket.readable().await?;
                socket.writable().await?;
                socket.ready(Interest::READABLE).await?;
                let _: Option<io::Error> = socket.take_error()?;
                let _: usize = socket.try_send(buf)?;
                let _: usize = socket.try_send_to(buf, peer)?;
                let _: usize = socket.try_recv(buf)?;
                let _: (usize, SocketAddr) = socket.try_recv_from(buf)?;
                Ok(())
            }

            fn polled_udp(
                socket: &net::UdpSocket,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<SocketAddr>> {
                let _: Poll<io::Result<()>> = socket.poll_recv(cx, buf);
                let _: Poll<io::Result<()>> = socket.poll_peek(cx, buf);
                let _: Poll<io::Result<SocketAddr>> = socket.poll_peek_from(cx, buf);
                let _: Poll<io::Result<SocketAddr>> = socket.poll_peek_sender(cx);
                let _: Poll<io::Result<usize>> = socket.poll_send(cx, buf.filled());
                let _: Poll<io::Result<()>> = socket.poll_recv_ready(cx);
                let _: Poll<io::Result<()>> = socket.poll_send_ready(cx);
                let peer = socket.peer_addr()?;
                let _: Poll<io::Result<usize>> = socket.poll_send_to(cx, buf.filled(), peer);
                socket.poll_recv_from(cx, buf)
            }

            /// What others ask of a stream, a half, a socket.
            fn traits() {
                fn duplex<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + std::fmt::Debug + 'static>() {}
                fn reader<T: AsyncRead + Plain>() {}
                fn writer<T: AsyncWrite + Plain>() {}
                fn other<T: Plain>() {}
                fn task<T: Send>(_: T) {}
                trait Plain: Unpin + Send + Sync + std::fmt::Debug + 'static {}
                impl<T: Unpin + Send + Sync + std::fmt::Debug + 'static> Plain for T {}
                duplex::<net::TcpStream>();
                reader::<net::tcp::OwnedReadHalf>();
                writer::<net::tcp::OwnedWriteHalf>();
                other::<net::TcpListener>();
                other::<net::TcpSocket>();
                other::<net::UdpSocket>();
                // Their futures can be spawned.
                task(listener());
                task(stream(&mut []));
                task(udp(&mut []));
                task(async { net::TcpStream::connect("localhost:80").await.map(owned_halves) });
            }
        }
    };
}

bodies!(against_tokio, tokio::net);
bodies!(against_synfin, synfin::net);

/// The same for the blocking twin.
macro_rules! blocking_bodies {
    ($module:ident, $net:path) => {
        #[allow(dead_code)]
        mod $module {
            use std::io::{self, Read, Write};
            use std::net::{Shutdown, SocketAddr};
            use std::time::Duration;

            use $net as net;

            fn tcp(addr: SocketAddr, buf: &mut [u8]) -> io::Result<()> {
                let listener = net::TcpListener::bind("localhost:80")?;
                let (_, _): (net::TcpStream, SocketAddr) = listener.accept()?;
                listener.set_nonblocking(true)?;
                let _: SocketAddr = listener.try_clone()?.local_addr()?;
                for stream in listener.incoming() {
                    let mut stream: net::TcpStream = stream?;
                    stream.read_exact(buf)?;
                    (&stream).write_all(buf)?;
                    stream.shutdown(Shutdown::Both)?;
                    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
                    stream.set_write_timeout(None)?;
                    let _: (Option<Duration>, Option<Duration>) =
                        (stream.read_timeout()?, stream.write_timeout()?);
                    let _: usize = stream.try_clone()?.peek(buf)?;
                    stream.set_nodelay(true)?;
                    stream.set_nonblocking(false)?;
                    let _: (bool, Option<io::Error>) = (stream.nodelay()?, stream.take_error()?);
                    let _: (SocketAddr, SocketAddr) = (stream.peer_addr()?, stream.local_addr()?);
                }
                let _: net::TcpStream = net::TcpStream::connect(("localhost", 80))?;
                let _: net::TcpStream = net::TcpStream::connect_timeout(&addr, Duration::from_secs(1))?;
                Ok(())
            }

            fn udp(buf: &mut [u8]) -> io::Result<()> {
                let socket = net::UdpSocket::bind("0.0.0.0:0")?;
                socket.connect("localhost:53")?;
                let (_, peer): (usize, SocketAddr) = socket.recv_from(buf)?;
                let _: (usize, usize) = (socket.send_to(buf, peer)?, socket.send(buf)?);
                let _: (usize, usize) = (socket.recv(buf)?, socket.peek(buf)?);
                let _: (usize, SocketAddr) = socket.peek_from(buf)?;
                let _: (SocketAddr, SocketAddr) = (socket.peer_addr()?, socket.try_clone()?.local_addr()?);
                socket.set_read_timeout(None)?;
                socket.set_write_timeout(None)?;
                socket.set_nonblocking(true)
            }
        }
    };
}

blocking_bodies!(against_std, std::net);
blocking_bodies!(against_the_twin, synfin::blocking);
