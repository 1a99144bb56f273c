#!/usr/bin/env bash
# A Slurm of two nodes on one machine, each in a network and host-name space of its own, for as long as a command runs:
#
#     slurm.sh FOLDER COMMAND…
#
# Runs COMMAND as a user of the cluster would, with srun, sbatch and sinfo at hand. FOLDER holds state and logs. Needs root, and of
# Debian slurmctld, slurmd, slurm-client, munge and iproute2. Gives 77 where such a cluster cannot be started, with the reason.
set -u
folder=$(realpath "$1")
shift
cannot() {
  echo "cannot start a cluster: $1" >&2
  exit 77
}
for tool in slurmctld slurmd srun munged ip unshare; do
  PATH=$PATH:/usr/sbin:/sbin command -v $tool >/dev/null || cannot "$tool is missing"
done
[ "$(id -u)" = 0 ] || cannot "it needs root"
export PATH=$PATH:/usr/sbin:/sbin

# Everything of it ends with this script: the name spaces are those of its own processes.
if [ -z "${DPPA_SLURM_INNER:-}" ]; then
  DPPA_SLURM_INNER=1 exec unshare --net --uts --mount --pid --fork --kill-child --mount-proc "$0" "$folder" "$@"
fi
hostname controller
ip link set lo up || cannot "no network name space"
ip link add bridge type bridge && ip addr add 10.77.0.1/24 dev bridge && ip link set bridge up || cannot "no bridge"
mkdir -p "$folder"/{state,spool,log,run}
mount -t tmpfs none /run/munge 2>/dev/null || { mkdir -p /run/munge && mount -t tmpfs none /run/munge; } || cannot "no mounts"
cat >"$folder/hosts" <<END
127.0.0.1 localhost
10.77.0.1 controller
10.77.0.11 node1
10.77.0.12 node2
END
mount --bind "$folder/hosts" /etc/hosts || cannot "no mounts"
mkdir -p /etc/slurm
cat >"$folder/slurm.conf" <<END
ClusterName=small
SlurmctldHost=controller(10.77.0.1)
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
TmpFS=$folder/tmp/%n
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=${DPPA_SLURM_MPI:-pmix}
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
KillOnBadExit=1
NodeName=node1 NodeHostname=node1 NodeAddr=10.77.0.11 CPUs=2 State=UNKNOWN
NodeName=node2 NodeHostname=node2 NodeAddr=10.77.0.12 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=node1,node2 Default=YES MaxTime=60 State=UP OverSubscribe=YES
END
mount -t tmpfs none /etc/slurm && cp "$folder/slurm.conf" /etc/slurm/ || cannot "no mounts"
echo "CgroupAutomount=no" >/etc/slurm/cgroup.conf
dd if=/dev/urandom of="$folder/munge.key" bs=1024 count=1 2>/dev/null && chmod 400 "$folder/munge.key"
chmod 755 /run/munge
munged --force --key-file="$folder/munge.key" --log-file="$folder/log/munged.log" --pid-file=/run/munge/munged.pid \
  --seed-file="$folder/munge.seed" || cannot "munged: $(tail -1 "$folder/log/munged.log" 2>/dev/null)"
for number in 1 2; do
  node=node$number
  unshare --net --uts sleep infinity &
  holder=$!
  sleep 0.2
  ip link add veth$number type veth peer name eth0 netns $holder || cannot "no veth"
  ip link set veth$number master bridge up
  inside="nsenter --net=/proc/$holder/ns/net --uts=/proc/$holder/ns/uts"
  $inside sh -c "hostname $node; ip link set lo up; ip addr add 10.77.0.1$number/24 dev eth0; ip link set eth0 up"
  mkdir -p "$folder/spool/$node" "$folder/tmp/$node"
  $inside slurmd -N $node -f /etc/slurm/slurm.conf || cannot "slurmd: $(tail -1 "$folder/log/slurmd-$node.log" 2>/dev/null)"
done
slurmctld -f /etc/slurm/slurm.conf || cannot "slurmctld: $(tail -1 "$folder/log/slurmctld.log" 2>/dev/null)"
for _ in $(seq 100); do
  [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ] && break
  sleep 0.2
done
[ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ] || cannot "its nodes do not come up: $(sinfo -h 2>&1 | tr '\n' ' ')"
"$@"
