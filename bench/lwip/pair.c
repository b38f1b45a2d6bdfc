/*
 * Two ends of lwIP's on one core, joined in memory.
 *
 *     pair bulk|request-response|connect-close IDLE SECONDS
 *
 * does the same as bench/src/workload.rs and writes what came of it as JSON. lwIP keeps all its state in globals: both
 * ends, and the idle connections, are in one list.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lwip/init.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/tcp.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"

enum { CLIENT, SERVER };
enum { BATCH = 32, QUEUE = 1024, TEXT = 64 * 1024, STEP_NS = 5000, PORT = 80 };
enum { IDLE_PORTS = 50000, IDLE_FIRST_PORT = 10000 };

/* --- clock and link ---------------------------------------------------------------------------------------------- */

static u64_t now_ns;

u32_t sys_now(void) { return (u32_t)(now_ns / 1000000); }

static double processor_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "pair: %s\n", what);
    exit(1);
}

struct queue {
    struct pbuf *packets[QUEUE];
    unsigned head, length;
};

static struct netif netifs[2];
/* What is on its way to each end. */
static struct queue queues[2];
static u64_t packets;
/* While it is set, what the server sends is answered by the peer of the idle connections. */
static int idle_peer;

static void answer(const struct pbuf *packet);

static err_t output(struct netif *from, struct pbuf *packet, const ip4_addr_t *next) {
    LWIP_UNUSED_ARG(next);
    struct queue *queue = &queues[from == &netifs[CLIENT] ? SERVER : CLIENT];
    if (idle_peer) {
        answer(packet);
        return ERR_OK;
    }
    struct pbuf *copy = pbuf_alloc(PBUF_RAW, packet->tot_len, PBUF_POOL);
    if (copy == NULL || queue->length == QUEUE) fail("no room for a packet on its way");
    pbuf_copy_partial(packet, copy->payload, packet->tot_len, 0);
    queue->packets[(queue->head + queue->length++) % QUEUE] = copy;
    packets++;
    return ERR_OK;
}

/* An end takes in at most a batch; how many packets. */
static unsigned take_in(int end) {
    struct queue *queue = &queues[end];
    unsigned count = 0;
    now_ns += STEP_NS;
    for (; queue->length > 0 && count < BATCH; count++) {
        struct pbuf *packet = queue->packets[queue->head];
        queue->head = (queue->head + 1) % QUEUE;
        queue->length--;
        netifs[end].input(packet, &netifs[end]);
    }
    sys_check_timeouts();
    return count;
}

/* Nothing is on its way: to the next timer. */
static void wait_for_timer(void) {
    now_ns += (u64_t)sys_timeouts_sleeptime() * 1000000;
    sys_check_timeouts();
}

/* --- the peer of the idle connections ---------------------------------------------------------------------------- */

static void idle_packet(u32_t index, u8_t flags, u32_t seq, u32_t ack) {
    static const u8_t syn_options[] = {2, 4, 1460 >> 8, 1460 & 255, 1, 3, 3, 7};
    u16_t options = flags & TCP_SYN ? sizeof syn_options : 0;
    u16_t length = IP_HLEN + TCP_HLEN + options;
    struct pbuf *packet = pbuf_alloc(PBUF_RAW, length, PBUF_POOL);
    if (packet == NULL) fail("no room for a packet of an idle connection");
    u8_t *octets = packet->payload;
    memset(octets, 0, length);
    struct ip_hdr *ip = packet->payload;
    IPH_VHL_SET(ip, 4, IP_HLEN / 4);
    IPH_LEN_SET(ip, lwip_htons(length));
    IPH_TTL_SET(ip, 64);
    IPH_PROTO_SET(ip, IP_PROTO_TCP);
    ip->src.addr = lwip_htonl(0x0a800000 + index / IDLE_PORTS);
    ip->dest.addr = netif_ip4_addr(&netifs[SERVER])->addr;
    IPH_CHKSUM_SET(ip, inet_chksum(ip, IP_HLEN));
    struct tcp_hdr *tcp = (struct tcp_hdr *)(octets + IP_HLEN);
    tcp->src = lwip_htons((u16_t)(IDLE_FIRST_PORT + index % IDLE_PORTS));
    tcp->dest = lwip_htons(PORT);
    tcp->seqno = lwip_htonl(seq);
    tcp->ackno = lwip_htonl(ack);
    TCPH_HDRLEN_FLAGS_SET(tcp, (TCP_HLEN + options) / 4, flags);
    tcp->wnd = 0xffff;
    memcpy(tcp + 1, syn_options, options);
    ip4_addr_t source = {ip->src.addr}, destination = {ip->dest.addr};
    pbuf_remove_header(packet, IP_HLEN);
    tcp->chksum = inet_chksum_pseudo(packet, IP_PROTO_TCP, packet->tot_len, &source, &destination);
    pbuf_add_header(packet, IP_HLEN);
    netifs[SERVER].input(packet, &netifs[SERVER]);
}

static u32_t acknowledged_number;
static int syn_ack_seen;

static void answer(const struct pbuf *packet) {
    u8_t octets[IP_HLEN + TCP_HLEN];
    pbuf_copy_partial(packet, octets, sizeof octets, 0);
    const struct tcp_hdr *tcp = (const struct tcp_hdr *)(octets + IP_HLEN);
    acknowledged_number = lwip_ntohl(tcp->seqno) + 1;
    syn_ack_seen = (TCPH_FLAGS(tcp) & TCP_SYN) != 0;
}

static unsigned accepted;

static void populate(u32_t count) {
    idle_peer = 1;
    for (u32_t index = 0; index < count; index++) {
        syn_ack_seen = 0;
        idle_packet(index, TCP_SYN, 1, 0);
        if (!syn_ack_seen) fail("a SYN of an idle connection is not answered");
        idle_packet(index, TCP_ACK, 2, acknowledged_number);
    }
    idle_peer = 0;
    if (accepted != count) fail("not all of the idle connections have come to be");
}

/* --- the programs ------------------------------------------------------------------------------------------------ */

static struct tcp_pcb *pcbs[2];
static u8_t text[TEXT], room[TEXT];
static u64_t received[2];
static int closed[2], established;
static u32_t written;

static err_t on_received(void *argument, struct tcp_pcb *pcb, struct pbuf *packet, err_t error) {
    LWIP_UNUSED_ARG(error);
    int end = argument == &netifs[SERVER] ? SERVER : CLIENT;
    if (packet == NULL) {
        closed[end] = 1;
        return ERR_OK;
    }
    static u32_t filled;
    if (filled + packet->tot_len > TEXT) filled = 0;
    pbuf_copy_partial(packet, room + filled, packet->tot_len, 0);
    filled += packet->tot_len;
    received[end] += packet->tot_len;
    tcp_recved(pcb, packet->tot_len);
    pbuf_free(packet);
    return ERR_OK;
}

static err_t on_accept(void *argument, struct tcp_pcb *pcb, err_t error) {
    LWIP_UNUSED_ARG(argument);
    LWIP_UNUSED_ARG(error);
    accepted++;
    pcbs[SERVER] = pcb;
    tcp_arg(pcb, &netifs[SERVER]);
    tcp_recv(pcb, on_received);
    return ERR_OK;
}

static err_t on_connected(void *argument, struct tcp_pcb *pcb, err_t error) {
    LWIP_UNUSED_ARG(argument);
    LWIP_UNUSED_ARG(pcb);
    LWIP_UNUSED_ARG(error);
    established = 1;
    return ERR_OK;
}

static void open_connection(void) {
    struct tcp_pcb *pcb = tcp_new();
    if (pcb == NULL) fail("no control block is left");
    pcbs[CLIENT] = pcb;
    pcbs[SERVER] = NULL;
    established = closed[CLIENT] = closed[SERVER] = 0;
    tcp_arg(pcb, &netifs[CLIENT]);
    tcp_recv(pcb, on_received);
    /* Both addresses are this stack's own: each end is bound to its link. */
    tcp_bind_netif(pcb, &netifs[CLIENT]);
    if (tcp_connect(pcb, netif_ip_addr4(&netifs[SERVER]), PORT, on_connected) != ERR_OK) fail("tcp_connect");
    while (!established || pcbs[SERVER] == NULL) {
        if (take_in(SERVER) + take_in(CLIENT) == 0) wait_for_timer();
    }
}

static u64_t bulk(void) {
    u64_t before = received[SERVER];
    for (int round = 0; round < 64; round++) {
        for (;;) {
            u32_t length = LWIP_MIN(TEXT - written, tcp_sndbuf(pcbs[CLIENT]));
            length = LWIP_MIN(length, 0xffff);
            if (length == 0 || tcp_write(pcbs[CLIENT], text + written, (u16_t)length, TCP_WRITE_FLAG_COPY) != ERR_OK) break;
            written = (written + length) % TEXT;
        }
        tcp_output(pcbs[CLIENT]);
        if (take_in(SERVER) + take_in(CLIENT) == 0) wait_for_timer();
    }
    return received[SERVER] - before;
}

static u64_t exchanges(void) {
    for (int count = 0; count < 256; count++) {
        for (int from = CLIENT; from <= SERVER; from++) {
            int to = from == CLIENT ? SERVER : CLIENT;
            u64_t before = received[to];
            if (tcp_write(pcbs[from], text, 1, TCP_WRITE_FLAG_COPY) != ERR_OK) fail("tcp_write");
            tcp_output(pcbs[from]);
            while (received[to] == before) {
                if (take_in(to) == 0) wait_for_timer();
            }
        }
    }
    return 256;
}

static void until_closed(int end) {
    while (!closed[end]) {
        if (take_in(end) + take_in(end == CLIENT ? SERVER : CLIENT) == 0) wait_for_timer();
    }
}

static u64_t connections(void) {
    for (int count = 0; count < 16; count++) {
        open_connection();
        /* Half of it, so that the end of the other half is still told. */
        tcp_shutdown(pcbs[CLIENT], 0, 1);
        until_closed(SERVER);
        tcp_close(pcbs[SERVER]);
        until_closed(CLIENT);
        take_in(SERVER);
        tcp_close(pcbs[CLIENT]);
    }
    return 16;
}

/* --- the run ----------------------------------------------------------------------------------------------------- */

static err_t netif_begin(struct netif *netif) {
    netif->output = output;
    netif->mtu = TCP_MSS + 40;
    netif->name[0] = 'p';
    netif->name[1] = '0';
    return ERR_OK;
}

static void begin(void) {
    ip4_addr_t all, client, server;
    lwip_init();
    IP4_ADDR(&all, 255, 255, 255, 255);
    IP4_ADDR(&server, 10, 0, 0, 1);
    IP4_ADDR(&client, 10, 0, 0, 2);
    /* Each is the way to the other. */
    netif_add(&netifs[CLIENT], &client, &all, &server, NULL, netif_begin, ip4_input);
    netif_add(&netifs[SERVER], &server, &all, &client, NULL, netif_begin, ip4_input);
    netif_set_default(&netifs[SERVER]);
    for (int end = CLIENT; end <= SERVER; end++) {
        netif_set_up(&netifs[end]);
        netif_set_link_up(&netifs[end]);
    }
    struct tcp_pcb *listener = tcp_new();
    if (listener == NULL || tcp_bind(listener, netif_ip_addr4(&netifs[SERVER]), PORT) != ERR_OK) fail("tcp_bind");
    tcp_bind_netif(listener, &netifs[SERVER]);
    listener = tcp_listen(listener);
    tcp_accept(listener, on_accept);
    for (int place = 0; place < TEXT; place++) text[place] = (u8_t)place;
}

static unsigned time_waits(void) {
    unsigned count = 0;
    for (const struct tcp_pcb *pcb = tcp_tw_pcbs; pcb != NULL; pcb = pcb->next) count++;
    return count;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "version") == 0) {
        printf("%s\n", LWIP_VERSION_STRING);
        return 0;
    }
    if (argc != 4) fail("usage: pair bulk|request-response|connect-close IDLE SECONDS");
    u64_t (*some)(void) = strcmp(argv[1], "bulk") == 0               ? bulk
                          : strcmp(argv[1], "request-response") == 0 ? exchanges
                                                                     : connections;
    double seconds = atof(argv[3]);
    begin();
    populate((u32_t)atol(argv[2]));
    if (some != connections) open_connection();

    double start = processor_time();
    while (processor_time() - start < seconds / 8) some();
    start = processor_time();
    u64_t count = 0;
    packets = 0;
    double taken = 0;
    while (taken < seconds) {
        count += some();
        taken = processor_time() - start;
    }
    printf("{\"count\":%llu,\"packets\":%llu,\"seconds\":%.9f,\"time_waits\":%u,\"resident\":0}\n", (unsigned long long)count,
           (unsigned long long)packets, taken, time_waits());
    return 0;
}
