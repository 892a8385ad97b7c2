#!/bin/bash
# A SLURM cluster of two nodes, of one core each, on this machine's loopback: for tests on Debian.
#
#   scripts/slurm_loopback.sh start FOLDER   unpack Debian's packages into FOLDER and start
#   scripts/slurm_loopback.sh stop FOLDER    stop the daemons that start has started
#
# Nothing is installed. FOLDER/env.sh, sourced, gives a shell the cluster's srun, sbatch and squeue.
# There is no accounting: sacct fails, as it does on many a small cluster.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -eq 2 ] || usage
mkdir -p "$2"
folder=$(realpath "$2")
root=$folder/debian
plugins=$root/usr/lib/$(uname -m)-linux-gnu/slurm-wlm

unpack() {
    [ -x "$root/usr/sbin/slurmctld-wlm" ] && return
    mkdir -p "$folder/packages"
    # Downloads run as _apt, which may not enter the folder: they are made as this user.
    (cd "$folder/packages" && apt-get -o APT::Sandbox::User=root -q download slurmctld slurmd \
        slurm-client slurm-wlm-basic-plugins libmunge2 libhwloc15 libjson-c5 libyaml-0-2)
    for package in "$folder"/packages/*.deb; do dpkg -x "$package" "$root"; done
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }

configure() {
    mkdir -p "$folder/state" "$folder/node1" "$folder/node2"
    cat > "$folder/slurm.conf" <<END
ClusterName=loopback
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
PluginDir=$plugins
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=5
StateSaveLocation=$folder/state
SlurmctldPidFile=$folder/slurmctld.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdSpoolDir=$folder/%n
SlurmdPidFile=$folder/%n.pid
SlurmdLogFile=$folder/%n.log
NodeName=node1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$(free_port) CPUs=1
NodeName=node2 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$(free_port) CPUs=1
PartitionName=all Nodes=node1,node2 Default=YES MaxTime=60
END
    cat > "$folder/env.sh" <<END
export SLURM_CONF='$folder/slurm.conf'
export PATH='$root/usr/bin':"\$PATH"
export LD_LIBRARY_PATH='$plugins':'$root/usr/lib/$(uname -m)-linux-gnu'"\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
END
}

start() {
    [ ! -e "$folder/slurmctld.pid" ] || { echo "got a cluster in $folder, expected none: stop it" >&2; exit 1; }
    unpack
    configure
    # shellcheck source=/dev/null
    . "$folder/env.sh"
    "$root/usr/sbin/slurmctld-wlm" -c -f "$SLURM_CONF"
    for node in node1 node2; do
        "$root/usr/sbin/slurmd-wlm" -f "$SLURM_CONF" -N $node -d "$root/usr/sbin/slurmstepd-wlm"
    done
    for _ in $(seq 60); do
        [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ] && exit 0
        sleep 0.5
    done
    echo "the nodes are not ready: see the logs in $folder" >&2
    exit 1
}

# By the process ids in the daemons' own files, and only if they still are this folder's.
stop() {
    for name in node1 node2 slurmctld; do
        file=$folder/$name.pid
        [ -e "$file" ] || continue
        pid=$(cat "$file")
        if grep -qs "$folder/slurm.conf" "/proc/$pid/cmdline"; then
            kill "$pid"
            for _ in $(seq 100); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
        fi
        rm -f "$file"
    done
}

case $1 in start) start ;; stop) stop ;; *) usage ;; esac
