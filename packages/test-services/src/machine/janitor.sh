# Lives as long as the process that writes to its standard input: "watch PID", "forget PID", "folder PATH",
# "removed PATH". When that process is gone, however it ended, stops what is still watched and removes the folders.

# A zombie runs no more, and where nobody collects it, it stays.
runs() { kill -0 "$1" && ! grep -qs '^State:.Z' "/proc/$1/status"; }

watched=' '
folders=''
while read -r word what; do
  case $word in
    watch) watched="$watched$what " ;;
    forget) watched=$(printf %s "$watched" | sed "s/ $what / /") ;;
    folder) folders="$folders $what" ;;
    removed) folders=$(printf %s "$folders" | sed "s| $what||") ;;
  esac
done
# For Postgres, SIGQUIT to the first process ends all of them at once.
for pid in $watched; do kill -CONT "$pid"; kill -QUIT "$pid"; done 2>/dev/null
for pid in $watched; do
  tries=50
  while [ $tries -gt 0 ] && runs "$pid"; do tries=$((tries - 1)); sleep 0.1; done
  kill -KILL "$pid"
done 2>/dev/null
for folder in $folders; do rm -rf "$folder"; done
