# SPDX-License-Identifier: GPL-2.0-or-later
# Rules for all four front ends, one a line: RULE;WHAT IS SAVED;OK or RULE;PART OF THE MESSAGE;FAIL.
# *TABLE and :CHAIN hold for what follows. {P} proxy, {L} an address of this host, {F} another host, {[} {]} brackets of IPv6, {/} /32 or
# /128; a line that begins with 4 or 6 is for IPv4 or IPv6 alone. BYTECODE stands for any bytecode.
*nat
:PREROUTING
-d {L} -p tcp --dport 443 -j RELAY --to {P};-d {L}{/} -p tcp -m tcp --dport 443 -j DNAT --to-destination {P};OK
-p tcp --dport 443 -j RELAY --to {P};would also take traffic that only passes through;FAIL
-d {L} -p tcp --dport 443 -j RELAY --to {[}{P}{]}:8443;-d {L}{/} -p tcp -m tcp --dport 443 -j DNAT --to-destination {[}{P}{]}:8443;OK
-d {L} -p udp --dport 443 -j RELAY --to {P};add "-p tcp" to the rule;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:1;-d {L}{/} -p tcp -j DNAT --to-destination {[}{P}{]}:1;OK
-d {L} -p tcp -j RELAY --to {[}{P}{]}:0;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:65535;-d {L}{/} -p tcp -j DNAT --to-destination {[}{P}{]}:65535;OK
-d {L} -p tcp -j RELAY --to {[}{P}{]}:65536;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:-1;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:443-444;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:443x;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:https;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {[}{P}{]}:999999999999;one number from 1 to 65535;FAIL
-d {L} -p tcp -j RELAY --to {P}-{F};names and ranges are not taken;FAIL
-d {L} -p tcp -j RELAY --to proxy.example;names and ranges are not taken;FAIL
-d {L} -p tcp -j RELAY --to :443;give one address;FAIL
4 -d {L} -p tcp -j RELAY --to 2001:db8::1;use ip6tables;FAIL
4 -d {L} -p tcp -j RELAY --to [2001:db8::1]:443;use ip6tables;FAIL
6 -d {L} -p tcp -j RELAY --to 192.0.2.1;use iptables;FAIL
6 -d {L} -p tcp -j RELAY --to [{P}];-d {L}{/} -p tcp -j DNAT --to-destination {P};OK
6 -d {L} -p tcp -j RELAY --to [{P};write [2001:db8::1]:443;FAIL
6 -d {L} -p tcp -j RELAY --to [{P}]443;write [2001:db8::1]:443;FAIL
-d {L} -p tcp -j RELAY;Add --to PROXY[:PORT];FAIL
-d {L} -p tcp -j RELAY --to {P} --to {F};--to is given twice;FAIL
-d {L} -p tcp -j RELAY ! --to {P};--to cannot be inverted;FAIL
-d {L} -p tcp -j RELAY --to {L};is an address of this host;FAIL
-d {L} -p tcp -j RELAY --to {L} --allow-local;-d {L}{/} -p tcp -j DNAT --to-destination {L};OK
-d {L} -p tcp -j RELAY --allow-local --to {L};-d {L}{/} -p tcp -j DNAT --to-destination {L};OK
-d {L} -p tcp -j RELAY --to {P} --allow-local --allow-local;--allow-local is given twice;FAIL
-d {L} -p tcp -j RELAY --to {P} ! --allow-local;--allow-local cannot be inverted;FAIL
-d {L} -p tcp -j RELAY --allow-local;Add --to PROXY[:PORT];FAIL
4 -d {L} -p tcp -j RELAY --to 127.0.0.1;is a loopback address;FAIL
4 -d {L} -p tcp -j RELAY --to 127.255.255.254;is a loopback address;FAIL
4 -d {L} -p tcp -j RELAY --to 127.0.0.1 --allow-local;-d {L}{/} -p tcp -j DNAT --to-destination 127.0.0.1;OK
6 -d {L} -p tcp -j RELAY --to ::1;is a loopback address;FAIL
6 -d {L} -p tcp -j RELAY --to ::1 --allow-local;-d {L}{/} -p tcp -j DNAT --to-destination ::1;OK
4 -d {L} -p tcp -j RELAY --to 169.254.1.1;is a link-local address;FAIL
4 -d {L} -p tcp -j RELAY --to 169.255.1.1;-d {L}{/} -p tcp -j DNAT --to-destination 169.255.1.1;OK
6 -d {L} -p tcp -j RELAY --to fe80::1;is a link-local address;FAIL
6 -d {L} -p tcp -j RELAY --to fe80::1 --allow-local;-d {L}{/} -p tcp -j DNAT --to-destination fe80::1;OK
4 -d {L} -p tcp -j RELAY --to 224.0.0.1;is a multicast or broadcast address;FAIL
4 -d {L} -p tcp -j RELAY --to 223.255.255.255;-d {L}{/} -p tcp -j DNAT --to-destination 223.255.255.255;OK
4 -d {L} -p tcp -j RELAY --to 239.255.255.255 --allow-local;is a multicast or broadcast address;FAIL
4 -d {L} -p tcp -j RELAY --to 255.255.255.255;is a multicast or broadcast address;FAIL
6 -d {L} -p tcp -j RELAY --to ff02::1;is a multicast or broadcast address;FAIL
4 -d {L} -p tcp -j RELAY --to 0.0.0.0;is the unspecified address;FAIL
4 -d {L} -p tcp -j RELAY --to 0.0.0.1 --allow-local;is the unspecified address;FAIL
6 -d {L} -p tcp -j RELAY --to ::;is the unspecified address;FAIL
-d {L} -j RELAY --to {P};add "-p tcp" to the rule;FAIL
-d {L} ! -p tcp -j RELAY --to {P};add "-p tcp" to the rule;FAIL
-j RELAY --to {P} -p tcp -d {L};-d {L}{/} -p tcp -j DNAT --to-destination {P};OK
-j RELAY --to {P} -d {L};add "-p tcp" to the rule;FAIL
--protocol tcp --destination {L} -j RELAY --to {P};-d {L}{/} -p tcp -j DNAT --to-destination {P};OK
--protocol tcp --dst {L} --jump RELAY --to={P};-d {L}{/} -p tcp -j DNAT --to-destination {P};OK
--protocol udp --dst {L} --jump RELAY --to={P};add "-p tcp" to the rule;FAIL
-p 6 -d {L} -j RELAY --to {P};-d {L}{/} -p tcp -j DNAT --to-destination {P};OK
-p 17 -d {L} -j RELAY --to {P};add "-p tcp" to the rule;FAIL
-p TCP -d {L} -j RELAY --to {P};-d {L}{/} -p tcp -j DNAT --to-destination {P};OK
-i eth0 -p tcp --dport 443 -j RELAY --to {P};-i eth0 -p tcp -m tcp --dport 443 -j DNAT --to-destination {P};OK
! -i eth0 -p tcp --dport 443 -j RELAY --to {P};would also take traffic;FAIL
-i + -p tcp --dport 443 -j RELAY --to {P};would also take traffic;FAIL
--in-interface eth0 -p tcp -j RELAY --to {P};-i eth0 -p tcp -j DNAT --to-destination {P};OK
! -d {L} -p tcp --dport 443 -j RELAY --to {P};would also take traffic;FAIL
4 -d 0.0.0.0/0 -p tcp --dport 443 -j RELAY --to {P};would also take traffic;FAIL
4 -d 0/0.0.0.0 -p tcp --dport 443 -j RELAY --to {P};would also take traffic;FAIL
6 -d ::/0 -p tcp --dport 443 -j RELAY --to {P};would also take traffic;FAIL
4 -d 192.0.2.0/25 -p tcp -j RELAY --to {P};-d 192.0.2.0/25 -p tcp -j DNAT --to-destination {P};OK
-d {L} -p tcp -m mptcp --mptcp-subtype mp_join -j RELAY --to {P};-d {L}{/} -p tcp -m bpf --bytecode BYTECODE -j DNAT --to-destination {P};OK
-d {L} -p tcp -m mptcp -j RELAY --to {P};add --mptcp-subtype;FAIL
-d {L} -p tcp -j RELAYBACK;works in chain POSTROUTING;FAIL
-d {L} -p tcp -j RELAYBACK --from {L};works in chain POSTROUTING;FAIL
:mine
-d {L} -p tcp -j RELAY --to {P};-d {L}{/} -p tcp -j DNAT --to-destination {P};OK
-p tcp -j RELAY --to {P};would also take traffic;FAIL
-d {P} -p tcp -j RELAYBACK;-d {P}{/} -p tcp -j MASQUERADE;OK
-p tcp -j RELAYBACK;add "-d PROXY";FAIL
:OUTPUT
-d {L} -p tcp -j RELAY --to {P};works in chain PREROUTING;FAIL
:INPUT
-d {L} -p tcp -j RELAY --to {P};works in chain PREROUTING;FAIL
:POSTROUTING
-d {L} -p tcp -j RELAY --to {P};works in chain PREROUTING;FAIL
-d {P} -p tcp --dport 443 -j RELAYBACK;-d {P}{/} -p tcp -m tcp --dport 443 -j MASQUERADE;OK
-d {P} -p udp --dport 443 -j RELAYBACK;add "-p tcp" to the rule;FAIL
-d {P} -p tcp --dport 443 -j RELAYBACK --from {L};-d {P}{/} -p tcp -m tcp --dport 443 -j SNAT --to-source {L};OK
-d {P} -j RELAYBACK --from {L};add "-p tcp" to the rule;FAIL
-p tcp --dport 443 -j RELAYBACK --from {L};add "-d PROXY";FAIL
-d {P} -p tcp -j RELAYBACK --from {[}{L}{]}:443;has a port;FAIL
-d {P} -p tcp -j RELAYBACK --from {L} --from {L};--from is given twice;FAIL
-d {P} -p tcp -j RELAYBACK ! --from {L};--from cannot be inverted;FAIL
-d {P} -p tcp -j RELAYBACK --from proxy.example;names and ranges are not taken;FAIL
-d {P} -p tcp -j RELAYBACK --from {L}-{F};names and ranges are not taken;FAIL
4 -d {P} -p tcp -j RELAYBACK --from 0.0.0.0;leave --from out;FAIL
6 -d {P} -p tcp -j RELAYBACK --from ::;leave --from out;FAIL
4 -d {P} -p tcp -j RELAYBACK --from 127.0.0.1;is a loopback address;FAIL
6 -d {P} -p tcp -j RELAYBACK --from ::1;is a loopback address;FAIL
4 -d {P} -p tcp -j RELAYBACK --from 224.0.0.1;is a multicast or broadcast address;FAIL
6 -d {P} -p tcp -j RELAYBACK --from ff02::1;is a multicast or broadcast address;FAIL
4 -d {P} -p tcp -j RELAYBACK --from 2001:db8::1;use ip6tables;FAIL
6 -d {P} -p tcp -j RELAYBACK --from 192.0.2.1;use iptables;FAIL
-d {P} -p tcp -o eth0 -j RELAYBACK;-d {P}{/} -o eth0 -p tcp -j MASQUERADE;OK
-o eth0 -p tcp -j RELAYBACK;add "-d PROXY";FAIL
*filter
:FORWARD
-d {L} -p tcp -j RELAY --to {P};works in table nat, not in filter;FAIL
-d {P} -p tcp -j RELAYBACK;works in table nat, not in filter;FAIL
-d {P} -p tcp -j RELAYBACK --from {L};works in table nat, not in filter;FAIL
-p tcp -m mptcp --mptcp-subtype any -j ACCEPT;-p tcp -m bpf --bytecode BYTECODE -j ACCEPT;OK
-p udp -m mptcp --mptcp-subtype any -j ACCEPT;add "-p tcp" to the rule;FAIL
-m mptcp --mptcp-subtype any -j ACCEPT;add "-p tcp" to the rule;FAIL
-m mptcp --mptcp-subtype any -p tcp -j ACCEPT;-p tcp -m bpf --bytecode BYTECODE -j ACCEPT;OK
-p tcp -m mptcp --mptcp-subtype mp_capable -j ACCEPT;-p tcp -m bpf --bytecode BYTECODE -j ACCEPT;OK
-p tcp -m mptcp --mptcp-subtype capable -j ACCEPT;unknown subtype;FAIL
-p tcp -m mptcp --mptcp-subtype mp_capable,mp_join,dss,add_addr,remove_addr,mp_prio,mp_fail,mp_fastclose,mp_tcprst -j ACCEPT;-p tcp -m bpf --bytecode BYTECODE -j ACCEPT;OK
-p tcp -m mptcp --mptcp-subtype mp_capable,,mp_join -j ACCEPT;unknown subtype;FAIL
-p tcp -m mptcp --mptcp-subtype mp_capable, -j ACCEPT;unknown subtype;FAIL
-p tcp -m mptcp --mptcp-subtype 1 -j ACCEPT;unknown subtype;FAIL
-p tcp -m mptcp ! --mptcp-subtype mp_join -j ACCEPT;cannot be inverted;FAIL
-p tcp -m mptcp --mptcp-subtype mp_join --mptcp-subtype dss -j ACCEPT;is given twice;FAIL
-p tcp -m mptcp --mptcp-subtype mp_capable -m mptcp --mptcp-subtype any -j DROP;-p tcp -m bpf --bytecode BYTECODE -m bpf --bytecode BYTECODE -j DROP;OK
*mangle
:PREROUTING
-d {L} -p tcp -j RELAY --to {P};works in table nat, not in mangle;FAIL
-d {L} -p tcp -m mptcp --mptcp-subtype dss -j MARK --set-mark 1;-d {L}{/} -p tcp -m bpf --bytecode BYTECODE -j MARK --set-xmark 0x1/0xffffffff;OK
*raw
:PREROUTING
-d {L} -p tcp -m mptcp --mptcp-subtype mp_join -j CT --notrack;-d {L}{/} -p tcp -m bpf --bytecode BYTECODE -j CT --notrack;OK
