/*
 * How lwIP is built to be measured. What is not here is as lwIP has it by default, among it: no timestamps, no SACK,
 * TCP_QUEUE_OOSEQ, Reno. The command defines TCP_MSS, CHECKSUMS and PCBS.
 */
#ifndef SYNFIN_BENCH_LWIPOPTS_H
#define SYNFIN_BENCH_LWIPOPTS_H

/* The raw API, on one thread, without locks. */
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

/* TCP over IPv4 and nothing else. */
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_TCP 1
#define LWIP_UDP 0
#define LWIP_RAW 0
#define LWIP_ARP 0
#define LWIP_ETHERNET 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0

#define LWIP_STATS 0
#define LWIP_NOASSERT 1

/* Packets that arrive, and control blocks, come from pools; what is to be sent from the C library. */
#define MEM_ALIGNMENT 8
#define MEM_LIBC_MALLOC 1
#define MEMP_NUM_TCP_PCB PCBS
#define MEMP_NUM_TCP_SEG 4096
#define MEMP_NUM_PBUF 4096
#define PBUF_POOL_SIZE 512
#define PBUF_POOL_BUFSIZE (TCP_MSS + 120)

/* As much in the buffers as the other stacks have. */
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 3
#define TCP_WND (256 * 1024)
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN 1024
/* Sets when sockets are writable, which this is without; the check of it is off as MSS and window are too large for it. */
#define LWIP_DISABLE_TCP_SANITY_CHECKS 1
#define TCP_SNDQUEUELOWAT 16

/* Summed up while it is copied, as Debian builds it. */
#define LWIP_CHECKSUM_ON_COPY CHECKSUMS
#define CHECKSUM_GEN_IP CHECKSUMS
#define CHECKSUM_GEN_TCP CHECKSUMS
#define CHECKSUM_GEN_ICMP CHECKSUMS
#define CHECKSUM_CHECK_IP CHECKSUMS
#define CHECKSUM_CHECK_TCP CHECKSUMS
#define CHECKSUM_CHECK_ICMP CHECKSUMS

#endif
